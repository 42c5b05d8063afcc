"""The desk at the door, on both databases."""

import io

from pypdf import PdfReader

from kernel.access import Role
from server.checkin.service import Reason, SecondBy, candidate_commitment, sitting_stream
from server.checkin.tables import VisitRow
from server.registration.tables import CandidateRow
from tests.integration.server.hall import WHY, ExamDay, picture, refused
from tests.integration.server.world import PIN

SECOND = SecondBy("second", PIN)


async def test_the_opening_record_binds_session_candidate_and_form(day: ExamDay) -> None:
    one = await day.admit(await day.face_candidate())
    async with day.world.database.read() as session:
        records = await day.world.ledger.read(session, sitting_stream(one.sitting_id))
        camera = await day.world.ledger.read(session, f"camera/{one.sitting_id}")
        visit = await session.get(VisitRow, one.checkin_id)
        candidate = await session.get(CandidateRow, one.candidate_id)
    assert visit is not None
    assert candidate is not None
    opening = records[0].body
    assert opening["session_id"] == day.session_id
    assert opening["form_code"] == one.seat.form_code
    assert visit.candidate_salt is not None
    expected = candidate_commitment(visit.candidate_salt, candidate).hex()
    assert opening["candidate_commitment"] == expected
    assert candidate.name not in str(opening)
    assert camera[0].body["candidate_commitment"] == expected


async def test_every_act_at_the_desk_stands_in_the_sessions_stream(day: ExamDay) -> None:
    await day.admit(await day.face_candidate())
    kinds = await day.world.acts(day.session_id)
    assert kinds[-5:] == [
        "checked_in", "consented", "door_matched", "check_in_confirmed", "seat_drawn",
    ]  # fmt: skip


async def test_the_seat_is_shown_only_after_the_third_part(day: ExamDay) -> None:
    one = await day.face_candidate()
    visit = await day.desk.start(day.first, day.session_id, one.ticket_no)
    key = visit.checkin_id
    assert visit.seat is None
    assert (await refused(day.desk.seat(day.first, key))).code == "checkin.out_of_order"
    await day.desk.consent(day.first, key, face=True, notice_version="1")
    assert (await refused(day.desk.seat(day.first, key))).code == "checkin.out_of_order"
    matched = await day.desk.frame(day.first, key, picture("same"))
    assert matched.seat is None
    assert (await refused(day.desk.seat(day.first, key))).code == "checkin.out_of_order"
    assert (await refused(day.desk.slip(day.first, key))).code == "checkin.out_of_order"
    confirmed = await day.desk.confirm(day.first, key, reason=Reason())
    assert confirmed.seat is None
    drawn = await day.desk.seat(day.first, key)
    assert (drawn.seat_no, drawn.machine_code) == (one.seat.seat_no, one.seat.machine_code)
    assert await day.desk.seat(day.first, key) == drawn
    assert drawn.form == "hidden"


async def test_no_sign_in_before_the_gate_is_open(day: ExamDay) -> None:
    one = await day.face_candidate()
    assert (await refused(day.sign_in(one))).code == "gate.not_admitted"
    visit = await day.desk.start(day.first, day.session_id, one.ticket_no)
    await day.desk.consent(day.first, visit.checkin_id, face=True, notice_version="1")
    await day.desk.frame(day.first, visit.checkin_id, picture("same"))
    await day.desk.confirm(day.first, visit.checkin_id, reason=Reason())
    assert (await refused(day.sign_in(one))).code == "gate.not_admitted"
    await day.desk.seat(day.first, visit.checkin_id)
    await day.sign_in(one)


async def test_a_verdict_is_shown_in_words_with_score_and_threshold(day: ExamDay) -> None:
    one = await day.face_candidate()
    visit = await day.desk.start(day.first, day.session_id, one.ticket_no)
    await day.desk.consent(day.first, visit.checkin_id, face=True, notice_version="1")
    view = await day.desk.frame(day.first, visit.checkin_id, picture("different"))
    assert view.verdict is not None
    assert "0.10" in view.verdict["words"]["zh"]
    assert "0.45" in view.verdict["words"]["en"]
    assert view.needs_second
    assert "frame_blob" not in view.verdict


async def test_advice_against_is_overruled_only_by_two_people_with_a_reason(day: ExamDay) -> None:
    one = await day.face_candidate()
    visit = await day.desk.start(day.first, day.session_id, one.ticket_no)
    key = visit.checkin_id
    await day.desk.consent(day.first, key, face=True, notice_version="1")
    await day.desk.frame(day.first, key, picture("different"))
    desk = day.desk
    alone = await refused(desk.confirm(day.first, key, reason=WHY))
    assert alone.code == "checkin.second_missing"
    silent = await refused(desk.confirm(day.first, key, reason=Reason(), second=SECOND))
    assert silent.code == "checkin.reason_missing"
    himself = SecondBy("first", PIN)
    same = await refused(desk.confirm(day.first, key, reason=WHY, second=himself))
    assert same.code == "accounts.same_person"
    wrong = SecondBy("second", "000000")
    assert (
        await refused(desk.confirm(day.first, key, reason=WHY, second=wrong))
    ).code == "accounts.pin_wrong"
    done = await desk.confirm(day.first, key, reason=WHY, second=SECOND)
    assert done.confirmed_by == [day.first.subject, day.second.subject]


async def test_who_refuses_the_face_is_checked_by_hand_with_equal_effect(day: ExamDay) -> None:
    one = await day.face_candidate()
    visit = await day.desk.start(day.first, day.session_id, one.ticket_no)
    key = visit.checkin_id
    declined = await day.desk.consent(day.first, key, face=False, notice_version="1")
    assert declined.route == "manual"
    taken = await refused(day.desk.frame(day.first, key, picture("same")))
    assert taken.code == "checkin.route_manual"
    await day.desk.manual(day.first, key, document="身份证", reason=WHY, second=SECOND)
    await day.desk.confirm(day.first, key, reason=Reason())
    await day.desk.seat(day.first, key)
    await day.sign_in(one)
    await day.take_device(one)


async def test_a_refused_candidate_may_come_again(day: ExamDay) -> None:
    one = await day.face_candidate()
    visit = await day.desk.start(day.first, day.session_id, one.ticket_no)
    silent = await refused(day.desk.refuse(day.first, visit.checkin_id, reason=Reason()))
    assert silent.code == "checkin.reason_missing"
    await day.desk.refuse(day.first, visit.checkin_id, reason=WHY)
    again = await day.desk.start(day.first, day.session_id, one.id_number)
    assert again.checkin_id != visit.checkin_id
    await day.admit(one)


async def test_coming_twice_to_the_desk_is_one_visit(day: ExamDay) -> None:
    one = await day.face_candidate()
    first = await day.desk.start(day.first, day.session_id, one.ticket_no)
    second = await day.desk.start(day.second, day.session_id, one.id_number)
    assert first.checkin_id == second.checkin_id
    desk = await day.desk.desk(day.first, day.session_id)
    assert (desk.expected, desk.arrived, desk.admitted, len(desk.queue)) == (6, 1, 0, 1)


async def test_entry_closes_and_only_the_chief_opens_it_again(day: ExamDay) -> None:
    one = await day.face_candidate()
    visit = await day.desk.start(day.first, day.session_id, one.ticket_no)
    key = visit.checkin_id
    await day.desk.consent(day.first, key, face=True, notice_version="1")
    await day.desk.frame(day.first, key, picture("same"))
    await day.release()
    day.clock.instant_ms = day.starts_at_ms + 1_800_001
    late = await refused(day.desk.confirm(day.first, key, reason=Reason()))
    assert late.code == "checkin.too_late"
    override = day.desk.override_lateness
    no_chief = await refused(override(day.first, key, reason=WHY, second=SECOND))
    assert no_chief.code == "access.role_missing"
    await override(day.chief, key, reason=WHY, second=SECOND)
    await day.desk.confirm(day.first, key, reason=Reason())
    await day.desk.seat(day.first, key)
    principal = await day.sign_in(one)
    await day.sittings.entry.face(principal, picture("same"))
    await day.take_device(one)
    state = await day.sittings.papers.state(one.sitting_id)
    assert state.deadline_ms == day.starts_at_ms + 5_400_000


async def test_the_desk_opens_at_its_time(day: ExamDay) -> None:
    one = await day.face_candidate()
    day.clock.instant_ms = day.starts_at_ms - 3_600_001
    early = await refused(day.desk.start(day.first, day.session_id, one.ticket_no))
    assert early.code == "checkin.not_open"
    day.clock.advance(ms=1)
    await day.desk.start(day.first, day.session_id, one.ticket_no)


async def test_strangers_have_no_business_at_the_desk(day: ExamDay) -> None:
    outsider = await day.world.person("outsider", Role.INVIGILATOR)
    marker = await day.world.person("marker", Role.MARKER)
    one = await day.face_candidate()
    for person, code in ((outsider, "sessions.not_staffed"), (marker, "access.role_missing")):
        found = await refused(day.desk.start(person, day.session_id, one.ticket_no))
        assert found.code == code
    unknown = await refused(day.desk.start(day.first, day.session_id, "0000"))
    assert unknown.code == "checkin.candidate_unknown"


async def test_the_slip_names_person_and_seat(day: ExamDay) -> None:
    one = await day.admit(await day.face_candidate())
    sheet = await day.desk.slip(day.first, one.checkin_id)
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(sheet)).pages)
    assert one.ticket_no in text
    assert one.seat.seat_no in text
    assert one.id_number not in text
