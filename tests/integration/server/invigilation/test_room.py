"""What staff see and do in the room, on both databases."""

import hashlib
import io
import re
from typing import Any

from pypdf import PdfReader

from kernel.access import Role
from server.checkin.service import Reason, SecondBy
from server.invigilation.rules import Decision
from server.invigilation.service import room_record_pdf
from server.sessions.rules import Duty
from tests.integration.server.hall import JPEG, WHY, ExamDay, Seated, picture, refused
from tests.integration.server.world import PIN

SECOND = SecondBy("second", PIN)
CHIEF = SecondBy("chief", PIN)


async def notices(day: ExamDay, one: Seated) -> list[str]:
    state = await day.sittings.papers.state(one.sitting_id)
    return [notice.kind for notice in state.notices]


async def test_the_wall_shows_seats_in_place_and_betrays_no_drawn_seat(day: ExamDay) -> None:
    one = await day.face_candidate()
    before = await day.wall(one)
    assert [(s["row"], s["col"]) for s in before["seats"]] == sorted(
        (s["row"], s["col"]) for s in before["seats"]
    )
    assert {s["state"] for s in before["seats"]} == {"expected", "empty"}
    assert not any(s["name_masked"] or s["sitting_id"] for s in before["seats"])
    await day.admit(one)
    assert (await day.tile(one))["state"] == "admitted"
    await day.sign_in(one)
    assert (await day.tile(one))["state"] == "signed_in"
    after = await day.wall(one)
    assert [s["seat_id"] for s in after["seats"]] == [s["seat_id"] for s in before["seats"]]


async def test_counts_on_the_wall_follow_the_ledger_also_after_a_restart(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.answer(one)
    assert (await day.tile(one))["answered"] == 1
    day.build()
    tile = await day.tile(one)
    assert (tile["answered"], tile["item_count"], tile["state"]) == (1, 1, "answering")


async def test_extra_time_reaches_the_candidate_and_the_ledger(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    new = await day.room.acts.extend(day.first, one.sitting_id, 240, WHY, None)
    assert new == day.starts_at_ms + 5_400_000 + 240_000
    state = await day.sittings.papers.state(one.sitting_id)
    assert state.deadline_ms == new
    assert [n.kind for n in state.notices] == ["extended"]
    assert (await day.kinds(one))[-1] == "extended"
    assert (await day.world.acts(day.session_id))[-1] == "extended"
    day.clock.instant_ms = day.starts_at_ms + 5_400_000 + 1
    await day.answer(one)
    assert await day.sittings.submitting.hand_in_due() == 0


async def test_above_the_cap_only_the_chief_can_be_the_second_person(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    acts = day.room.acts
    await acts.extend(day.first, one.sitting_id, 1_700, WHY, None)
    for second in (None, SECOND):
        more = await refused(acts.extend(day.first, one.sitting_id, 101, WHY, second))
        assert more.code == "extend.needs_chief"
    await acts.extend(day.first, one.sitting_id, 101, WHY, CHIEF)
    assert (await day.tile(one))["extra_s"] == 1_801
    silent = await refused(acts.extend(day.first, one.sitting_id, 1, Reason(), CHIEF))
    assert silent.code == "act.reason_missing"


async def test_a_pause_stops_the_clock_and_the_answers(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    day.clock.advance(minutes=10)
    await day.room.acts.pause(day.first, one.sitting_id, WHY)
    batch = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    principal = await day.principal(one)
    halted = await refused(day.sittings.answers.take(principal, batch))
    assert halted.code == "sitting.paused"
    day.clock.advance(minutes=120)
    assert await day.sittings.submitting.hand_in_due() == 0
    deadline = await day.room.acts.resume(day.first, one.sitting_id, WHY)
    assert deadline == day.starts_at_ms + 5_400_000 + 120 * 60_000
    await day.sittings.answers.take(principal, batch)
    assert await notices(day, one) == ["paused", "resumed"]


async def test_a_transfer_cuts_off_the_old_machine_and_goes_on_at_the_same_item(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    old = await day.answering(one)
    await day.answer(one)
    paper = await day.sittings.papers.paper(old)
    stale = day.batch(one, ("answer_set", day.item(one), {"options": ["false"]}))
    wall = await day.wall(one)
    free = next(seat for seat in wall["seats"] if seat["state"] == "empty")
    taken = next(seat for seat in wall["seats"] if seat["state"] == "expected")
    elsewhere = day.tokens[one.seat.room_id, day_machine(day, one, free["seat_id"])]
    asked = await refused(day.sign_in(one, elsewhere))
    assert asked.code == "gate.already_open"
    assert [c["kind"] for c in (await day.wall(one))["incidents"]] == ["transfer"]
    transfer = day.room.acts.transfer
    occupied = await refused(transfer(day.first, one.sitting_id, taken["seat_id"], WHY))
    assert occupied.code == "transfer.taken"
    await transfer(day.first, one.sitting_id, free["seat_id"], WHY)
    heard = day.presence.last_seen_ms(one.sitting_id)
    day.clock.advance(seconds=1)
    assert (await refused(day.sittings.answers.take(old, stale))).code == "answer.stale_epoch"
    assert day.presence.last_seen_ms(one.sitting_id) == heard
    assert (await refused(day.principal(one))).code == "access.token_invalid"
    back = await refused(day.sign_in(one))
    assert (back.code, back.params["seat_no"]) == ("gate.wrong_machine", free["seat_no"])
    principal = await day.sign_in(one, elsewhere)
    await day.sittings.entry.face(principal, picture("same"))
    await day.take_device(one)
    again = await day.sittings.papers.paper(principal)
    assert again.items == paper.items
    assert again.answered.answers == {day.item(one): {"options": ["true"]}}
    after = await day.wall(one)
    moved = next(seat for seat in after["seats"] if seat["seat_id"] == free["seat_id"])
    left = next(seat for seat in after["seats"] if seat["seat_id"] == one.seat.seat_id)
    assert (moved["state"], left["state"]) == ("answering", "empty")


def day_machine(day: ExamDay, one: Seated, seat_id: str) -> str:
    """The machine at a seat of the candidate's room."""
    room = next(room for room in day.rooms if room.room_id == one.seat.room_id)
    return next(seat.machine_code for seat in room.seats if seat.seat_id == seat_id)


async def test_an_outage_is_measured_and_proposes_time_that_a_person_grants(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.answer(one)
    left = day.clock.now_ms()
    day.clock.advance(seconds=15)
    await day.sittings.watching.sweep()
    assert (await day.tile(one))["state"] == "answering"
    day.clock.advance(seconds=1)
    await day.sittings.watching.sweep()
    tile = await day.tile(one)
    assert (tile["state"], tile["offline_since_ms"]) == ("offline", left)
    deadline = tile["deadline_ms"]
    day.clock.advance(seconds=204)
    await day.answer(one)
    await day.sittings.watching.sweep()
    wall = await day.wall(one)
    case = wall["incidents"][0]
    assert (case["kind"], case["severity"]) == ("offline", "amber")
    assert case["proposal"] == {"extend_s": 220}
    assert (await day.tile(one))["deadline_ms"] == deadline
    kinds = await day.kinds(one)
    assert kinds.count("disconnected") == kinds.count("reconnected") == 1


async def test_captures_become_one_case_and_do_nothing_to_the_candidate(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    for n in range(5):
        day.clock.advance(seconds=20)
        image = picture("mismatch", str(n))
        wait = await day.room.captures.capture(principal, image, day.clock.now_ms())
        assert 20 <= wait <= 60
    wall = await day.wall(one)
    assert [(c["kind"], c["severity"], c["count"]) for c in wall["incidents"]] == [
        ("mismatch", "red", 3)
    ]
    assert (await day.tile(one))["badge"] == "mismatch"
    await day.answer(one)
    assert await notices(day, one) == []
    case = wall["incidents"][0]
    decide = day.room.acts.decide
    odd = await refused(decide(day.first, case["incident_id"], Decision.GRANTED, WHY))
    assert odd.code == "incident.decision"
    await decide(day.first, case["incident_id"], Decision.SAME_PERSON, WHY)
    twice = await refused(decide(day.first, case["incident_id"], Decision.DISMISSED, WHY))
    assert twice.code == "incident.decided"
    await day.answer(one, "false")
    async with day.world.database.read() as session:
        camera = await day.world.ledger.read(session, f"camera/{one.sitting_id}")
    assert [r.kind for r in camera] == ["opened", *["capture"] * 5]


async def test_a_segment_sent_twice_is_recorded_once(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    data = b"webm"
    facts: dict[str, Any] = {
        "index": 0, "t0_ms": 1, "t1_ms": 20_000, "data": data,
        "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    for _ in range(2):
        assert await day.room.captures.segment(principal, **facts) == 0
    timeline = await day.room.records.timeline(day.first, one.sitting_id)
    assert len(timeline["segments"]) == 1
    assert "order_seed" not in str(timeline["events"])


async def test_a_forced_hand_in_needs_two_people_and_keeps_the_answers(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.answer(one)
    force = day.room.acts.force_submit
    alone = await refused(force(day.first, one.sitting_id, WHY, None))
    assert alone.code == "act.second_missing"
    await force(day.first, one.sitting_id, WHY, SECOND)
    assert (await refused(day.answer(one))).code == "sitting.closed"
    assert (await day.tile(one))["state"] == "forced"
    state = await day.sittings.papers.state(one.sitting_id)
    assert (state.stage.value, state.loaded.row.receipt["answered"]) == ("ended", 1)  # type: ignore[index]  # a submitted sitting has one


async def test_a_violation_needs_the_bodys_word_a_reminder_and_two_people(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    note = day.room.acts.violation
    args = (day.first, one.sitting_id, "A6-9", "多次切换窗口")
    assert (await refused(note(*args, SECOND))).code == "violation.inactive"
    bodies = await day.world.bodies.bodies()
    await day.room.rule_sets.confirm(day.chief, bodies[0].id, WHY)
    assert (await refused(note(*args, SECOND))).code == "violation.needs_reminder"
    await day.room.acts.warn(day.first, one.sitting_id, "请勿切换窗口", "focus")
    assert await notices(day, one) == ["warning"]
    assert (await refused(note(*args, None))).code == "act.second_missing"
    await note(*args, SECOND)
    await day.answer(one)
    assert (await day.tile(one))["state"] == "answering"


async def test_a_person_at_the_seat_confirms_what_the_machine_could_not(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.admit(one)
    principal = await day.sign_in(one)
    for _ in range(3):
        await day.sittings.entry.face(principal, picture("unusable", "dark"))
    await day.room.acts.confirm_face(day.first, one.sitting_id, WHY)
    await day.take_device(one)
    case = (await day.wall(one))["incidents"][0]
    assert (case["state"], case["decision"]) == ("decided", "same_person")


async def test_absence_is_proposed_after_entry_closed_and_confirmed_by_a_person(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    room_id = one.seat.room_id
    absences = day.room.absences
    assert await absences.absentees(day.first, day.session_id, room_id) == []
    day.clock.instant_ms = day.starts_at_ms + 1_800_001
    proposed = await absences.absentees(day.first, day.session_id, room_id)
    assert len(proposed) == 5
    confirm = absences.confirm_absent
    present = await refused(confirm(day.first, day.session_id, room_id, [one.sitting_id], WHY))
    assert present.code == "absent.not_proposed"
    names = [person.sitting_id for person in proposed]
    await confirm(day.first, day.session_id, room_id, names, WHY)
    await confirm(day.first, day.session_id, room_id, names, WHY)
    wall = await day.wall(one)
    assert wall["counts"]["absent"] == 5
    assert (await day.world.acts(day.session_id)).count("absent") == 5


async def test_an_invigilator_acts_only_in_the_rooms_of_the_duty(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    other = await day.world.person("other", Role.INVIGILATOR)
    acts = day.room.acts
    for staffed in (False, True):
        if staffed:
            await day.world.sessions.staff(
                day.arranged.officer, day.session_id, account_id=other.subject,
                duty=Duty.INVIGILATOR, room_id=one.seat.room_id,
            )  # fmt: skip
            await acts.warn(other, one.sitting_id, "请坐好", "")
            continue
        for attempt in (
            acts.warn(other, one.sitting_id, "请坐好", ""),
            acts.pause(other, one.sitting_id, WHY),
            acts.extend(other, one.sitting_id, 60, WHY, None),
            acts.force_submit(other, one.sitting_id, WHY, SECOND),
            day.room.wall.wall(other, day.session_id, one.seat.room_id),
            day.room.records.timeline(other, one.sitting_id),
        ):
            assert (await refused(attempt)).code == "sessions.not_staffed"


async def test_the_room_record_lists_what_happened_and_what_is_open(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.room.acts.extend(day.first, one.sitting_id, 240, WHY, None)
    day.clock.instant_ms = day.starts_at_ms + 1_800_001
    record = await day.room.records.room_record(day.first, day.session_id, one.seat.room_id)
    assert record["counts"]["expected"] == 6
    assert record["counts"]["present"] == 1
    codes = [point["code"] for point in record["open_points"]]
    assert codes == ["not_submitted", *["absence_unconfirmed"] * 5]
    assert record["extensions"][0]["extend_s"] == 240
    assert [a["kind"] for a in record["acts"]] == ["seat_drawn", "extended"]
    pages = PdfReader(io.BytesIO(room_record_pdf(record))).pages
    text = "".join(page.extract_text() for page in pages)
    assert "考场情况记录单" in text
    assert "设备故障" in text


async def test_the_record_on_paper_says_at_which_seat_an_incident_is_open(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    for n in range(3):
        day.clock.advance(seconds=20)
        image = picture("mismatch", str(n))
        await day.room.captures.capture(principal, image, day.clock.now_ms())
    record = await day.room.records.room_record(day.first, day.session_id, one.seat.room_id)
    found = [point for point in record["open_points"] if point["code"] == "incident_open"]
    assert [point.get("seat_no") for point in found] == [one.seat.seat_no]
    page = PdfReader(io.BytesIO(room_record_pdf(record))).pages[0].extract_text()
    assert re.search(rf"异常未处置\s+{one.seat.seat_no}\s", page)
    assert "(三级)" in page


async def test_the_wall_shows_pictures_that_nobody_keeps(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    none = await refused(day.room.pictures.newest(day.first, one.sitting_id))
    assert none.code == "thumb.none"
    day.presence.keep_thumbnail(one.sitting_id, JPEG, day.clock.now_ms())
    image, at_ms = await day.room.pictures.newest(day.first, one.sitting_id)
    assert (image, at_ms) == (JPEG, day.clock.now_ms())
    assert (await day.tile(one))["thumb_at_ms"] == at_ms
