"""From the seat to the receipt."""

import asyncio
from contextvars import Context
from typing import Any

import pytest

from kernel.access import Principal
from kernel.errors import Refusal
from server.invigilation.rules import Decision
from server.sittings.rules.timing import Stage
from server.sittings.service import Batch, Event
from tests.integration.server.hall import WHY, ExamDay, picture, refused

MINUTE = 60_000


async def test_an_answer_goes_from_the_seat_to_the_receipt(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    acked = await day.answer(one)
    assert acked.ack.acked_through == 1
    assert day.world.ledger.holds(acked.ack.frame, acked.ack.signature)
    day.clock.advance(minutes=31)
    receipt = await day.sittings.submitting.submit(principal, day.final(one))
    assert receipt["answered"] == 1
    assert receipt["item_count"] == 1
    again = await day.sittings.submitting.submit(principal, day.final(one))
    assert again == receipt
    assert await day.kinds(one) == [
        "opened", "check_in_confirmed", "seat_drawn", "signed_in", "seat_matched", "device",
        "started", "answer_set", "submitted",
    ]  # fmt: skip
    assert (await refused(day.answer(one))).code == "sitting.closed"
    state = await day.sittings.papers.state(one.sitting_id)
    assert state.stage is Stage.SUBMITTED


async def test_the_same_batch_again_is_the_same_acknowledgement(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    batch = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    first = await day.sittings.answers.take(principal, batch)
    second = await day.sittings.answers.take(principal, batch)
    assert second.ack.acked_through == first.ack.acked_through == 1
    assert (await day.kinds(one)).count("answer_set") == 1


async def test_a_lost_acknowledgement_is_given_again_even_after_closing(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    batch = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    await day.sittings.answers.take(principal, batch)
    day.clock.instant_ms = day.starts_at_ms + 5_400_000 + 60 * MINUTE
    assert await day.sittings.submitting.hand_in_due() == 1
    again = await day.sittings.answers.take(principal, batch)
    assert again.ack.acked_through == 1
    other = day.batch(one, ("answer_set", day.item(one), {"options": ["false"]}))
    with pytest.raises(Refusal) as refused:
        await day.sittings.answers.take(principal, other)
    assert refused.value.code == "answer.too_late"
    assert (await day.kinds(one)).count("answer_set") == 1


@pytest.mark.parametrize("kind", ["help_raised", "camera_lost"])
@pytest.mark.parametrize("meanwhile", ["paused", "over"])
async def test_a_call_whose_report_was_cut_short_reaches_a_person_when_it_is_sent_again(
    day: ExamDay, kind: str, meanwhile: str
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    call = day.batch(one, (kind, None, None))
    await cut_short(day, principal, call)
    assert kind in await day.kinds(one)
    assert not (await day.wall(one))["incidents"]
    if meanwhile == "paused":
        await day.room.acts.pause(day.first, one.sitting_id, WHY)
    else:
        day.clock.instant_ms = day.starts_at_ms + 5_400_000
        assert await day.sittings.submitting.hand_in_due() == 1
    for _ in range(3):
        acked = await day.sittings.answers.take(principal, call)
        assert acked.ack.acked_through == 1
    [case] = (await day.wall(one))["incidents"]
    assert (case["kind"], case["count"]) == (kind.removesuffix("_raised"), 1)


async def cut_short(day: ExamDay, principal: Principal, batch: Batch) -> None:
    """The connection goes when the batch is in the log and before anybody was told."""
    submit, committed = day.world.ledger.submit, asyncio.Event()

    async def then_held(*asked: Any) -> Any:
        await submit(*asked)
        committed.set()
        await asyncio.Event().wait()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(day.world.ledger, "submit", then_held)
        taking = asyncio.create_task(day.sittings.answers.take(principal, batch))
        await asyncio.wait_for(committed.wait(), 10)
        taking.cancel()
        await asyncio.wait([taking])
    assert taking.cancelled()


async def test_a_call_sent_again_counts_once_and_the_next_one_counts(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    first = day.batch(one, ("help_raised", None, None))
    for _ in range(3):
        await day.sittings.answers.take(principal, first)
    assert [case["count"] for case in (await day.wall(one))["incidents"]] == [1]
    day.clock.advance(seconds=1)
    await day.sittings.answers.take(principal, day.batch(one, ("help_raised", None, None)))
    assert [case["count"] for case in (await day.wall(one))["incidents"]] == [2]


async def test_a_call_sent_again_after_the_session_was_sealed_is_acknowledged(
    day: ExamDay,
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    call = day.batch(one, ("help_raised", None, None))
    await cut_short(day, principal, call)
    day.clock.instant_ms = day.starts_at_ms + 5_400_000
    await day.sittings.submitting.hand_in_due()
    async with day.world.database.write() as tx:
        await day.world.ledger.seal_session(
            tx, day.session_id, roster=[(one.sitting_id, "submitted")]
        )
    assert (await day.sittings.answers.take(principal, call)).ack.acked_through == 1


async def test_another_content_under_one_number_is_a_case_for_a_person(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    await day.answer(one)
    other = Event(1, "answer_set", day.item(one), {"options": ["false"]}, day.clock.now_ms())
    conflict = await refused(day.sittings.answers.take(principal, day.signed(one, [other])))
    assert conflict.code == "ledger.conflict"
    paper = await day.sittings.papers.paper(principal)
    assert paper.answered.answers == {day.item(one): {"options": ["true"]}}
    wall = await day.wall(one)
    assert [case["kind"] for case in wall["incidents"]] == ["conflict"]


async def test_a_conflict_shows_both_contents_to_the_chief_who_decides_it(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    await day.answer(one)
    other = Event(1, "answer_set", day.item(one), {"options": ["false"]}, day.clock.now_ms())
    await refused(day.sittings.answers.take(principal, day.signed(one, [other])))
    [case] = (await day.wall(one))["incidents"]
    incident_id = case["incident_id"]
    shy = await refused(day.room.conflicts.of_incident(day.first, incident_id))
    assert shy.code == "incident.needs_chief"
    [shown] = await day.room.conflicts.of_incident(day.chief, incident_id)
    assert (shown["epoch"], shown["client_seq"]) == (1, 1)
    assert shown["kept"] is not None
    assert (shown["kept"]["words"], shown["given"]["words"]) == ("A", "B")
    assert shown["kept_number"] == shown["number"] == 1
    decision = Decision.HANDLED
    shy = await refused(day.room.acts.decide(day.first, incident_id, decision, WHY))
    assert shy.code == "incident.needs_chief"
    await day.room.acts.decide(day.chief, incident_id, decision, WHY)
    kinds = await day.kinds(one)
    assert kinds[-3:] == ["conflict", "incident_opened", "incident_decided"]
    paper = await day.sittings.papers.paper(principal)
    assert paper.answered.answers == {day.item(one): {"options": ["true"]}}


async def test_a_reload_finds_order_answers_and_marks_again(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    before = await day.sittings.papers.paper(principal)
    await day.sittings.answers.take(
        principal,
        day.batch(
            one, ("answer_set", day.item(one), {"options": ["false"]}),
            ("marked", day.item(one), None),
        ),
    )  # fmt: skip
    day.build()
    principal = await day.sign_in(one)
    await day.take_device(one)
    after = await day.sittings.papers.paper(principal)
    assert after.items == before.items
    assert after.answered.answers == {day.item(one): {"options": ["false"]}}
    assert set(after.answered.settled_ms) == {day.item(one)}
    assert after.answered.marks == [day.item(one)]
    assert (after.answered.epoch, after.answered.next_seq) == (2, 1)


async def test_an_answer_that_comes_while_the_page_is_read_again_is_on_the_wall(
    day: ExamDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    ledger, fold = day.world.ledger, day.world.ledger.fold

    async def slow(session: Any, stream_id: str) -> Any:
        """Between the reading and its end, an answer is committed."""
        read = await fold(session, stream_id)
        monkeypatch.undo()
        batch = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
        taking = day.sittings.answers.take(principal, batch)
        await asyncio.create_task(taking, context=Context())
        return read

    monkeypatch.setattr(ledger, "fold", slow)
    await day.sittings.papers.paper(principal)
    assert (await day.tile(one))["answered"] == 1
    viewed = day.batch(one, ("item_viewed", day.item(one), None))
    await day.sittings.answers.take(principal, viewed)
    assert (await day.tile(one))["answered"] == 1


async def test_the_order_can_be_made_again_from_the_ledger(day: ExamDay) -> None:
    from server.checkin.service import sitting_stream
    from server.sittings.rules.dealing import deal

    one = await day.face_candidate()
    principal = await day.answering(one)
    paper = await day.sittings.papers.paper(principal)
    async with day.world.database.read() as session:
        records = await day.world.ledger.read(session, sitting_stream(one.sitting_id))
    started = next(record for record in records if record.kind == "started")
    forms = {form.form_code: form for form in day.arranged.sealed.content.forms}
    seed = bytes.fromhex(started.body["order_seed"])
    assert deal(forms[one.seat.form_code], seed) == paper.items
    assert started.body["form_hash"] == paper.form_hash


async def test_two_tabs_do_not_write_into_one_exam(day: ExamDay) -> None:
    one = await day.face_candidate()
    old = await day.answering(one)
    stale = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    await day.sign_in(one)
    await day.take_device(one)
    assert (await refused(day.sittings.answers.take(old, stale))).code == "answer.stale_epoch"
    assert (await refused(day.sittings.papers.paper(old))).code == "answer.stale_epoch"
    await day.answer(one)


async def test_nothing_is_taken_before_the_start_or_without_the_key(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.ready(one)
    assert (await refused(day.sittings.papers.paper(principal))).code == "answer.too_early"
    assert (await refused(day.answer(one))).code == "answer.too_early"
    day.clock.instant_ms = day.starts_at_ms + 1
    assert (await refused(day.sittings.papers.paper(principal))).code == "answer.too_early"
    await day.release()
    assert (await day.sittings.papers.paper(principal)).items


async def test_the_clock_of_the_machine_changes_nothing(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    far = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}), ahead_ms=10**10)
    await day.sittings.answers.take(principal, far)
    day.clock.instant_ms = day.starts_at_ms + 5_400_000
    late = day.batch(one, ("answer_set", day.item(one), {"options": ["false"]}), ahead_ms=1)
    assert (await refused(day.sittings.answers.take(principal, late))).code == "answer.too_late"


async def test_late_data_is_kept_apart(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    await day.answer(one, "true")
    day.clock.instant_ms = day.starts_at_ms + 5_400_000 + MINUTE
    assert await day.sittings.submitting.hand_in_due() == 1
    late = day.batch(
        one, ("answer_set", day.item(one), {"options": ["false"]}), ahead_ms=-2 * MINUTE
    )
    acked = await day.sittings.answers.take(principal, late)
    assert acked.ack.acked_through == 2
    async with day.world.database.read() as session:
        stream = f"sitting/{one.sitting_id}"
        counted = await day.world.ledger.fold(session, stream)
        with_late = await day.world.ledger.fold(session, stream, count_late=True)
    assert counted.answers == {day.item(one): {"options": ["true"]}}
    assert with_late.answers == {day.item(one): {"options": ["false"]}}


async def test_the_server_hands_in_at_the_deadline_also_after_a_restart(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.answering(one)
    await day.answer(one)
    day.clock.instant_ms = day.starts_at_ms + 5_400_000 - 1
    assert await day.sittings.submitting.hand_in_due() == 0
    day.clock.advance(ms=1)
    day.build()
    assert await day.sittings.submitting.hand_in_due() == 1
    assert await day.sittings.submitting.hand_in_due() == 0
    state = await day.sittings.papers.state(one.sitting_id)
    assert state.stage is Stage.SUBMITTED
    assert state.loaded.row.submit_kind == "deadline"
    assert state.loaded.row.receipt is not None


async def test_nothing_is_acknowledged_before_the_commit(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    database = day.world.database
    real, calls = database.write, []

    class Failing:
        def __init__(self) -> None:
            self._inner = real()

        async def __aenter__(self) -> Any:
            return await self._inner.__aenter__()

        async def __aexit__(self, *error: object) -> None:
            calls.append("reached the commit")
            lost = OSError("disk full")
            await self._inner.__aexit__(OSError, lost, None)
            raise lost

    database.write = Failing  # type: ignore[method-assign,assignment]  # the disk fails at the commit
    batch = day.batch(one, ("answer_set", day.item(one), {"options": ["true"]}))
    with pytest.raises(Refusal, match="ledger.not_stored"):
        await day.sittings.answers.take(principal, batch)
    database.write = real  # type: ignore[method-assign]  # mended
    assert calls
    assert "answer_set" not in await day.kinds(one)
    progress = day.presence.progress(one.sitting_id)
    assert progress is not None
    assert not progress.answered
    acked = await day.sittings.answers.take(principal, batch)
    assert acked.ack.acked_through == 1


@pytest.mark.parametrize(
    ("kind", "item", "response", "code"),
    [
        ("answer_set", "no-such-item", {"options": ["true"]}, "answer.item_unknown"),
        ("answer_set", None, {"options": ["maybe"]}, "response.option_unknown"),
        ("answer_set", None, {"options": ["true", "false"]}, "response.too_many"),
        ("answer_set", None, {"letters": 5, "options": 3}, "response.shape"),
        ("marked", None, {"options": ["true"]}, "response.shape"),
        ("submitted", None, None, "events.kind"),
        ("late", None, None, "events.kind"),
    ],
)
async def test_a_bad_event_fails_whole_and_says_why(
    day: ExamDay, kind: str, item: str | None, response: Any, code: str
) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    batch = day.batch(one, (kind, item or day.item(one), response))
    assert (await refused(day.sittings.answers.take(principal, batch))).code == code
    assert (await day.kinds(one))[-1] == "started"


async def test_handing_in_waits_for_everything_the_device_has(day: ExamDay) -> None:
    one = await day.face_candidate()
    principal = await day.answering(one)
    await day.answer(one)
    assert (
        await refused(day.sittings.submitting.submit(principal, day.final(one)))
    ).code == "submit.too_early"
    day.clock.advance(minutes=31)
    one.next_seq += 1
    behind = await refused(day.sittings.submitting.submit(principal, day.final(one)))
    assert (behind.code, behind.params) == ("submit.behind", {"acked_through": 1})


async def test_three_failed_matches_call_a_person_and_lock_nobody_out(day: ExamDay) -> None:
    one = await day.face_candidate()
    await day.admit(one)
    principal = await day.sign_in(one)
    for tries in (1, 2, 3):
        result = await day.sittings.entry.face(principal, picture("different"))
        assert (result.passed, result.tries) == (False, tries)
    wall = await day.wall(one)
    assert [(c["kind"], c["severity"]) for c in wall["incidents"]] == [("seat_face", "red")]
    assert (await refused(day.take_device(one))).code == "gate.face_open"
    assert (await day.sittings.entry.face(principal, picture("same"))).passed
    await day.take_device(one)
