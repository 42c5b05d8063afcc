"""What all use cases of a sitting share, and the few steps they have in common."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel.access import Principal
from kernel.bus import Bus
from kernel.clock import Clock
from kernel.crypto.keyring import KeyRing
from kernel.db import Database, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint
from kernel.settings import SignInSettings
from ledger.book import Act, Ledger
from server.checkin.service import sitting_stream
from server.sessions.rules import SessionState
from server.sessions.service import locked_session, move_session, note
from server.sittings.ports import Incidents, Papers, SeatMatcher
from server.sittings.service.presence import Presence
from server.sittings.service.rows import Loaded
from server.sittings.tables import NoticeRow

Params = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True)
class Hall:
    """The parts. ``alone``: no other server can be on this database."""

    database: Database
    clock: Clock
    ledger: Ledger
    bus: Bus
    keyring: KeyRing
    papers: Papers
    matcher: SeatMatcher
    incidents: Incidents
    presence: Presence
    origin: str
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    alone: bool = False

    def moved(self, loaded: Loaded) -> None:
        """The candidate's page and the room's wall read again."""
        self.bus.moved(f"sitting/{loaded.row.id}")
        self.bus.moved(f"room/{loaded.row.session_id}/{loaded.row.room_id}")

    def answered(self, session_id: str, room_id: str) -> None:
        """The room's wall reads again; nothing that the candidate sees has changed."""
        self.bus.moved(f"room/{session_id}/{room_id}")

    def check_holder(self, loaded: Loaded, principal: Principal, epoch: int) -> None:
        """Only the newest device of the newest sign-in that took a device may write.

        Raises ``answer.stale_epoch``.
        """
        mine = principal.claims.get("sign_in")
        if mine != loaded.row.holder or epoch != loaded.row.epoch:
            raise Refusal("answer.stale_epoch", Kind.CONFLICT, epoch=loaded.row.epoch)

    def is_replaced(self, loaded: Loaded, principal: Principal) -> bool:
        """Whether a newer sign-in has taken the sitting over, or will before this one answers."""
        mine, row = principal.claims.get("sign_in"), loaded.row
        return isinstance(mine, int) and mine < row.sign_in and mine != row.holder

    def heard(self, loaded: Loaded, principal: Principal) -> None:
        """The candidate is there now; a device that was replaced does not say so."""
        if not self.is_replaced(loaded, principal):
            self.presence.touch(loaded.row.id, self.clock.now_ms())

    async def write_record(
        self, tx: WriteSession, loaded: Loaded, kind: str, body: Mapping[str, object]
    ) -> None:
        """One record of the server into the sitting's stream."""
        act = Act(kind, {"at_ms": self.clock.now_ms(), **body}, epoch=loaded.row.epoch)
        await self.ledger.append(tx, sitting_stream(loaded.row.id), [act])

    async def before_case(self, tx: WriteSession, loaded: Loaded) -> None:
        """Whoever writes into a stream of the sitting and may open a case after it: the session's
        head comes first (ADR 0017), and a new case is written into the room's stream.
        """
        await self.ledger.lock_session(tx, loaded.row.session_id)

    async def notify(
        self, tx: WriteSession, loaded: Loaded, kind: str, *, text: str = "",
        params: Params | None = None,
    ) -> None:  # fmt: skip
        """A notice that the candidate sees now and after every reload."""
        tx.add(
            NoticeRow(
                id=mint("notice"), sitting_id=loaded.row.id, kind=kind, text=text,
                params=dict(params or {}), at_ms=self.clock.now_ms(),
            )
        )  # fmt: skip
        await tx.flush()

    async def ensure_running(self, tx: WriteSession, loaded: Loaded) -> None:
        """From T0 on a released session runs; whoever notices first says so, once."""
        now_ms = self.clock.now_ms()
        exam = loaded.exam
        if exam.state != SessionState.RELEASED.value or now_ms < exam.starts_at_ms:
            return
        # At T0 many notice in the same moment; the lock tells who was first.
        if (await locked_session(tx, exam.id)).state == SessionState.RELEASED.value:
            await move_session(tx, exam.id, SessionState.RUNNING)
            await note(tx, self.ledger, exam.id, "session_started", {"at_ms": now_ms})
