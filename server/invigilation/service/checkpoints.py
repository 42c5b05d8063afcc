"""The log's head to be signed by hand: printed when the session has begun and when it is closed.

Rules kept here: the checkpoint that is printed covers the record of the start (after the closing:
of the end), so what is signed contains it; each printing is a record of the session as long as its
stream takes records, and says exactly what stands on the paper.
"""

from dataclasses import dataclass
from enum import StrEnum

from kernel.access import Principal
from kernel.db import ReadSession
from kernel.errors import Kind, Refusal
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.note import Note
from server.sessions.rules import Duty, SessionState, reached
from server.sessions.service import need_duty, need_reached, note, session_row, session_stream
from server.sittings.service import Hall

PRINTERS = (Duty.CHIEF, Duty.OFFICER)


class Occasion(StrEnum):
    """Which of the two sheets."""

    START = "start"
    END = "end"


RECORD_OF = {Occasion.START: "session_started", Occasion.END: "session_closed"}


@dataclass(frozen=True, slots=True)
class PrintedHead:
    """What stands on the sheet. ``log_key`` is the published form; ``note_text`` the QR's text."""

    session_name: str
    subject: str
    occasion: Occasion
    checkpoint: Checkpoint
    signed_at_ms: int
    printed_at_ms: int
    log_key: str
    cosigners: tuple[str, ...]
    note_text: str


class Checkpoints:
    """Prints heads."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    async def printed(self, principal: Principal, session_id: str) -> PrintedHead:
        """Raises ``sessions.unknown``, ``sessions.not_staffed``, ``sessions.wrong_state`` before
        the start, ``checkpoint.not_covered`` in the seconds before a checkpoint covers it.
        """
        hall = self._hall
        async with hall.database.write() as tx:
            exam = await session_row(tx, session_id)
            await need_duty(tx, principal, session_id, duties=PRINTERS)
            need_reached(exam, SessionState.RUNNING)
            closed = reached(exam.state, SessionState.CLOSED)
            occasion = Occasion.END if closed else Occasion.START
            text, signed_at_ms = await self._covering(tx, session_id, occasion)
            signed = Note.parse(text)
            tree = hall.ledger.tree
            head = PrintedHead(
                session_name=exam.name,
                subject=f"{exam.occupation_name} · {exam.subject}",
                occasion=occasion,
                checkpoint=Checkpoint.parse(signed.text),
                signed_at_ms=signed_at_ms,
                printed_at_ms=hall.clock.now_ms(),
                log_key=tree.key.text(),
                cosigners=tuple(key.name for key in tree.witnesses if signed.signed_by(key)),
                note_text=text,
            )
            act = {
                "by": principal.subject,
                "occasion": occasion.value,
                "origin": head.checkpoint.origin,
                "size": head.checkpoint.size,
                "root_hex": head.checkpoint.root.hex(),
                "cosigners": list(head.cosigners),
            }
            try:
                await note(tx, hall.ledger, session_id, "checkpoint_printed", act)
            except Refusal as refused:  # sealed: printed again, without a record
                if refused.code != "ledger.stream_closed":
                    raise
            return head

    async def _covering(
        self, session: ReadSession, session_id: str, occasion: Occasion
    ) -> tuple[str, int]:
        """Text and time of a signed checkpoint over the occasion's record."""
        stream = session_stream(session_id)
        records = await self._hall.ledger.read(session, stream)
        of_kind = [one.seq for one in records if one.kind == RECORD_OF[occasion]]
        located = None
        if of_kind:
            located = await self._hall.ledger.tree.proof(session, stream, of_kind[-1])
        if located is None:
            raise Refusal("checkpoint.not_covered", Kind.CONFLICT)
        return located.proof.checkpoint, located.at_ms
