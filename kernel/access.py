"""Who may do what: principals, bearer tokens, two-person approval. Every context needs these.

Rules kept here: a token is stored only as a hash; roles are closed words; an act that needs two
people has a requester and a different approver, over the same digest of what is asked.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, MetaData, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from kernel.clock import Clock
from kernel.crypto import chance, digest
from kernel.db import Database, ReadSession, Table, WriteSession
from kernel.errors import Kind, Refusal
from kernel.ids import mint

KNOWN_FOR_MS = 600_000
"""At most; at least half of it. Long, because whoever uses it asks the sitting's own row."""
KNOWN_MOST = 20_000


class KernelTable(Table):
    """Base of the kernel's own tables."""

    __abstract__ = True
    metadata = MetaData()


class TokenRow(KernelTable):
    """A bearer token by its SHA-256."""

    __tablename__ = "access_token"
    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    claims: Mapped[dict[str, Any]] = mapped_column(JSON)
    expires_at_ms: Mapped[int]


class ApprovalRow(KernelTable):
    """An act waiting for its second person."""

    __tablename__ = "access_approval"
    id: Mapped[str] = mapped_column(primary_key=True)
    act: Mapped[str]
    digest: Mapped[bytes]
    requested_by: Mapped[str]
    requested_at_ms: Mapped[int]
    approved_by: Mapped[str | None]
    approved_at_ms: Mapped[int | None]


class Role(StrEnum):
    """Roles of staff (三员分立: administrator, security and auditor are different people)."""

    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    AUTHOR = "author"
    REVIEWER = "reviewer"
    BANK_KEEPER = "bank_keeper"
    OFFICER = "officer"
    CHIEF = "chief"
    INVIGILATOR = "invigilator"
    KEY_HOLDER = "key_holder"
    MARKER = "marker"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. ``kind`` is ``staff`` or ``sitting``; a sitting's subject is its sitting
    id.
    """

    subject: str
    kind: str
    claims: Mapping[str, Any]

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(name) for name in self.claims.get("roles", ()))

    def need(self, *roles: Role) -> None:
        """Raises ``access.role_missing`` unless the principal is staff with one of the roles."""
        if self.kind != "staff" or not self.roles.intersection(roles):
            raise Refusal("access.role_missing", Kind.FORBIDDEN, needed=", ".join(sorted(roles)))


async def issue_token(
    session: WriteSession,
    clock: Clock,
    *,
    subject: str,
    kind: str,
    claims: Mapping[str, Any],
    valid_s: int,
) -> str:
    """A new bearer token. Only its hash is stored."""
    token = chance.token_text()
    session.add(
        TokenRow(
            token_hash=digest.sha256(token.encode()),
            subject=subject,
            kind=kind,
            claims=dict(claims),
            expires_at_ms=clock.now_ms() + valid_s * 1_000,
        )
    )
    return token


async def principal_of(session: ReadSession, clock: Clock, token: str) -> Principal:
    """Whose token it is. Raises ``access.token_invalid``."""
    return (await _valid(session, digest.sha256(token.encode()), clock.now_ms()))[0]


async def _valid(session: ReadSession, name: bytes, now_ms: int) -> tuple[Principal, int]:
    """Whose token has this hash, and until when. Raises ``access.token_invalid``."""
    row = await session.get(TokenRow, name)
    if row is None or row.expires_at_ms <= now_ms:
        raise Refusal("access.token_invalid", Kind.UNAUTHENTICATED)
    return Principal(row.subject, row.kind, row.claims), row.expires_at_ms


class KnownSittings:
    """Tokens of sittings as they were some minutes ago, for the one request that comes thousands of
    times: whoever takes a principal from here asks in its own transaction whether it still holds,
    as the answers do with the sign-in and the device in the sitting's row. Tokens of staff are
    never kept.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[Principal, int]] = OrderedDict()

    async def principal_of(self, token: str) -> Principal:
        """Whose token it is. Raises ``access.token_invalid``."""
        name, now_ms = digest.sha256(token.encode()), self._clock.now_ms()
        principal, until_ms = self._known.get(name, (None, 0))
        if principal is not None and now_ms < until_ms:
            return principal
        self._known.pop(name, None)
        async with self._database.read() as session:
            found, expires_at_ms = await _valid(session, name, now_ms)
        if found.kind == "sitting":
            # Whoever came in together is not looked up together again and again.
            kept_ms = KNOWN_FOR_MS * (256 + name[0]) // 512
            self._known[name] = found, min(expires_at_ms, now_ms + kept_ms)
            while len(self._known) > KNOWN_MOST:
                self._known.popitem(last=False)
        return found


async def revoke_tokens(session: WriteSession, *, subject: str, kind: str) -> None:
    """Every token of the subject ends now (sign-out, new device epoch, dismissal)."""
    await session.execute(
        delete(TokenRow).where(TokenRow.subject == subject, TokenRow.kind == kind)
    )


async def request_approval(
    session: WriteSession, clock: Clock, *, act: str, content: bytes, by: str
) -> str:
    """The first person asks; returns the approval id."""
    row = ApprovalRow(
        id=mint("approval"),
        act=act,
        digest=digest.sha256(content),
        requested_by=by,
        requested_at_ms=clock.now_ms(),
        approved_by=None,
        approved_at_ms=None,
    )
    session.add(row)
    await session.flush()
    return row.id


async def approve(
    session: WriteSession, clock: Clock, *, approval_id: str, act: str, content: bytes, by: str
) -> str:
    """The second person agrees to exactly the same content; returns who asked first.

    Raises ``approval.unknown``, ``approval.same_person``, ``approval.differs``, ``approval.used``.
    """
    row = (
        await session.execute(
            select(ApprovalRow).where(ApprovalRow.id == approval_id, ApprovalRow.act == act)
        )
    ).scalar_one_or_none()
    if row is None:
        raise Refusal("approval.unknown", Kind.NOT_FOUND, id=approval_id)
    if row.requested_by == by:
        raise Refusal("approval.same_person", Kind.FORBIDDEN)
    if row.digest != digest.sha256(content):
        raise Refusal("approval.differs", Kind.CONFLICT)
    taken = await session.scalar(
        update(ApprovalRow)
        .where(ApprovalRow.id == approval_id, ApprovalRow.approved_by.is_(None))
        .values(approved_by=by, approved_at_ms=clock.now_ms())
        .returning(ApprovalRow.id)
    )
    if taken is None:
        raise Refusal("approval.used", Kind.CONFLICT)
    return row.requested_by
