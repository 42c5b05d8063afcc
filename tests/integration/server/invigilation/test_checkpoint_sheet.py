"""The log's head on paper: it covers what it is printed for, scans back, and stands in the log."""

import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from kernel.access import Role
from kernel.crypto.signing import ServerKey
from kernel.errors import Refusal
from kernel.lease import lease_of
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.note import Algorithm, Note, NoteKey, cosign
from ledger.tree.proof import check_proof
from ledger.tree.sequencer import Sequencer
from server.invigilation.service import Occasion, PrintedHead, checkpoint_pdf
from server.sessions.service import session_stream
from setup.places import FONTS
from tests.integration.server.hall import ExamDay
from tests.qr import images_of, read_qr

FONT = FONTS / "NotoSansSC-Regular.ttf"
WITNESS = ServerKey(b"\x31" * 32)
WITNESS_KEY = NoteKey("laptop.example", Algorithm.COSIGNATURE, WITNESS.public)


@pytest.fixture
async def sequencer(day: ExamDay, tmp_path: Path) -> AsyncIterator[Sequencer]:
    lease = lease_of(day.world.database, "sequencer-sheet", tmp_path)
    made = day.world.ledger.sequencer(tmp_path / "checkpoint", lease)
    yield made
    await made.leave()


async def started(day: ExamDay) -> None:
    await day.answering(await day.face_candidate())


async def closed(day: ExamDay) -> None:
    await day.world.sessions.close(day.chief, day.session_id, reason_text="结束", force=False)


async def refused(awaitable: Any) -> str:
    with pytest.raises(Refusal) as caught:
        await awaitable
    return caught.value.code


async def printings(day: ExamDay) -> list[dict[str, Any]]:
    async with day.world.database.read() as session:
        records = await day.world.ledger.read(session, session_stream(day.session_id))
    return [dict(one.body) for one in records if one.kind == "checkpoint_printed"]


async def is_under(day: ExamDay, head: PrintedHead, kind: str) -> bool:
    """Whether the record of this kind is a leaf of the printed tree."""
    stream, tree = session_stream(day.session_id), day.world.ledger.tree
    async with day.world.database.read() as session:
        records = await day.world.ledger.read(session, stream)
        [seq] = [one.seq for one in records if one.kind == kind]
        located = await tree.proof(session, stream, seq)
    assert located is not None
    proven = check_proof(located.proof, located.entry, tree.key)
    assert proven.checkpoint == head.checkpoint
    return located.proof.index < head.checkpoint.size


async def test_at_the_start_and_at_the_end_a_head_is_printed_that_covers_it(
    day: ExamDay, sequencer: Sequencer
) -> None:
    prints = day.room.checkpoints.printed
    assert await refused(prints(day.chief, day.session_id)) == "sessions.wrong_state"
    await started(day)
    assert await refused(prints(day.chief, day.session_id)) == "checkpoint.not_covered"
    await sequencer.round()
    first = await prints(day.chief, day.session_id)
    assert first.occasion is Occasion.START
    assert await is_under(day, first, "session_started")

    await closed(day)
    assert await refused(prints(day.chief, day.session_id)) == "checkpoint.not_covered"
    await sequencer.round()
    last = await prints(day.arranged.officer, day.session_id)
    assert last.occasion is Occasion.END
    assert last.checkpoint.size > first.checkpoint.size
    assert await is_under(day, last, "session_closed")

    told = await printings(day)
    assert [one["occasion"] for one in told] == ["start", "end"]
    for one, head, by in zip(told, (first, last), (day.chief, day.arranged.officer), strict=True):
        assert (one["size"], one["root_hex"]) == (head.checkpoint.size, head.checkpoint.root.hex())
        assert (one["origin"], one["by"]) == (head.checkpoint.origin, by.subject)


async def test_the_code_on_the_sheet_is_the_note_and_verifies(
    day: ExamDay, sequencer: Sequencer
) -> None:
    tree = day.world.ledger.tree
    tree.witnesses = (WITNESS_KEY,)
    await started(day)
    await sequencer.round()
    async with day.world.database.write() as session:
        head = await tree.newest(session)
        assert head is not None
        note = Note.parse(head.note)
        line = cosign(note.text, WITNESS_KEY.name, WITNESS, day.clock.now_ms() // 1_000)
        assert await tree.take_cosignature(session, note.with_signatures([line]).to_text()) == 1
    made = await day.room.checkpoints.printed(day.chief, day.session_id)
    pdf = checkpoint_pdf(made, FONT)

    [image] = images_of(pdf)
    scanned = Note.parse(read_qr(image))
    assert scanned.signed_by(tree.key)
    assert scanned.signed_by(WITNESS_KEY)
    read = Checkpoint.parse(scanned.text)
    assert (read.size, read.root) == (head.size, head.root)

    [page] = PdfReader(io.BytesIO(pdf)).pages
    words = page.extract_text()
    for text in ("开考", f"{read.size:,}", "laptop.example", "主考", "在场见证人", read.origin):
        assert text in words
    assert read.root.hex() in words.replace(" ", "").replace("\n", "")
    assert tree.key.text() in words.replace("\n", "")


async def test_a_sealed_session_prints_again_without_a_record(
    day: ExamDay, sequencer: Sequencer
) -> None:
    await started(day)
    await closed(day)
    people = await day.candidates()
    roster = [(one.sitting_id, "submitted") for one in people]
    async with day.world.database.write() as session:
        await day.world.ledger.seal_session(session, day.session_id, roster=roster)
    await sequencer.round()
    made = await day.room.checkpoints.printed(day.chief, day.session_id)
    assert made.occasion is Occasion.END
    assert await printings(day) == []


async def test_who_does_not_lead_the_session_prints_nothing_and_leaves_no_record(
    day: ExamDay, sequencer: Sequencer
) -> None:
    await started(day)
    await sequencer.round()
    prints = day.room.checkpoints.printed
    outsider = await day.world.person("outsider", Role.CHIEF)
    assert await refused(prints(day.first, day.session_id)) == "access.role_missing"
    assert await refused(prints(outsider, day.session_id)) == "sessions.not_staffed"
    assert await refused(prints(day.chief, "sess_none")) == "sessions.unknown"
    assert await printings(day) == []
