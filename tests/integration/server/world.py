"""A small world for the server's tests: real services on a real database, from accounts to draw.

The bank's part (a sealed package) is made here with the same public functions that the bank uses.
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from openpyxl import Workbook
from PIL import Image

from kernel.access import Principal, Role
from kernel.blobs import LocalBlobs
from kernel.clock import HandClock
from kernel.codec import canonical_json
from kernel.crypto import chance, envelope, holders
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import ServerKey
from kernel.db import Database, ReadSession
from kernel.errors import Refusal
from kernel.settings import ExamPolicy
from ledger.book import Ledger
from paper.items import FormItem, ItemType, Option
from paper.package import (
    FORMAT,
    Content,
    Form,
    FormSummary,
    Manifest,
    Package,
    Scoring,
    SealedShare,
    form_hash,
    manifest_bytes,
    pack,
    part_purpose,
    share_info,
    signed_bytes,
)
from paper.scoring import Key, ScoringRule
from server.accounts.service import AccountsService
from server.bodies.service import BodiesService
from server.papers.service import PapersService
from server.registration.service import RegistrationService
from server.seating.rules import commitment
from server.seating.service import SeatingService
from server.sessions.rules import Duty
from server.sessions.service import Plan, SessionsService

PASSWORD = "correct horse 7"
PIN = "135790"
PASSPHRASE = "four words make a phrase"
BANK = ServerKey(hashlib.sha256(b"bank").digest())
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
STARTS_IN_S = 3_600


def id_number(serial: int) -> str:
    """A number with a right check character whose region code belongs to no place."""
    body = f"99999919900501{serial:03d}"
    return body + "10X98765432"[sum(w * int(c) for w, c in zip(WEIGHTS, body, strict=True)) % 11]


def portrait(shade: int = 100) -> bytes:
    """A picture without a face; the tests' portrait desk does not look for one."""
    out = io.BytesIO()
    Image.new("RGB", (120, 160), (shade % 256, 150, 120)).save(out, "JPEG")
    return out.getvalue()


def roster(lines: Sequence[Sequence[object]], header: Sequence[str]) -> bytes:
    """An xlsx with one header row."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (header, *lines):
        sheet.append(list(line))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def roster_of(count: int, first: int = 1) -> bytes:
    """``count`` sound candidates; every fifth takes the manual route."""
    lines = [
        (f"考生{n}", id_number(n), "人工" if n % 5 == 0 else "人脸")
        for n in range(first, first + count)
    ]
    return roster(lines, ("姓名", "证件号码", "核验方式"))


def portraits_of(count: int, first: int = 1) -> bytes:
    """Pictures by ID number."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for n in range(first, first + count):
            file.writestr(f"{id_number(n)}.jpg", portrait(n))
    return out.getvalue()


def forms(codes: str = "AB") -> tuple[Form, ...]:
    """Small forms with one judge item each."""
    options = (Option("true", "正确"), Option("false", "错误"))
    return tuple(
        Form(code, (FormItem(f"item-{code}", ItemType.JUDGE, "题干", options, "1", "A-A-A-001"),))
        for code in codes
    )


@dataclass
class Sealed:
    """A package file and what it was sealed with."""

    data: bytes
    content: Content
    scoring: Scoring
    content_key: bytes


def seal_package(
    keys: dict[str, bytes],
    *,
    codes: str = "AB",
    needed: int = 2,
    signer: ServerKey = BANK,
    level: int = 3,
    shown: tuple[Form, ...] | None = None,
    spoilt: int = 0,
) -> Sealed:
    """What the bank does: two keys, two ciphertexts, shares for every holder, one signature.

    ``shown`` puts other forms into the manifest than into the ciphertext; the shares of the last
    ``spoilt`` holders are of another key.
    """
    package_id = f"pkg_{chance.token_bytes(8).hex()}"
    content = Content("理论知识", forms(codes))
    scoring = Scoring(
        {f"item-{c}": Key(f"item-{c}", ("true",), ScoringRule.ALL_OR_NOTHING, "1") for c in codes}
    )
    content_key, scoring_key = chance.token_bytes(32), chance.token_bytes(32)
    parts = {}
    shares: dict[str, list[SealedShare]] = {}
    for part, key, value in (
        ("content", content_key, content),
        ("scoring", scoring_key, scoring),
    ):
        plain = canonical_json(msgspec.to_builtins(value))
        parts[part] = envelope.seal(key, plain, part_purpose(package_id, part))
        split = holders.split(key, needed, len(keys))
        if spoilt:
            split[-spoilt:] = holders.split(bytes(32), needed, len(keys))[-spoilt:]
        shares[part] = [
            SealedShare(
                one, holders.seal_to(public, share, share_info(package_id, part, one)).hex()
            )
            for (one, public), share in zip(keys.items(), split, strict=True)
        ]
    manifest = Manifest(
        format=FORMAT,
        package_id=package_id,
        occupation_code="4-04-05-05",
        occupation_name="人工智能训练师",
        level=level,
        title="理论知识",
        pass_score="60",
        sealed_at_ms=1,
        forms=tuple(
            FormSummary(form.form_code, len(form.items), "1", form_hash(form).hex())
            for form in (shown or content.forms)
        ),
        content_sha256=hashlib.sha256(parts["content"]).hexdigest(),
        scoring_sha256=hashlib.sha256(parts["scoring"]).hexdigest(),
        shares_needed=needed,
        content_shares=tuple(shares["content"]),
        scoring_shares=tuple(shares["scoring"]),
        signer_public=signer.public.hex(),
    )
    stored = manifest_bytes(manifest)
    signature = signer.sign(signed_bytes(stored))
    package = Package(manifest, stored, signature, parts["content"], parts["scoring"])
    return Sealed(pack(package), content, scoring, content_key)


@dataclass(frozen=True)
class Report:
    """What a portrait desk says of a picture."""

    code: str | None


@dataclass
class PlainDesk:
    """A portrait desk that takes every picture but those told to be faulty."""

    faulty: dict[int, str] = field(default_factory=dict)
    enrolled: dict[str, bytes] = field(default_factory=dict)
    inspected: int = 0

    async def inspect_portrait(self, *, image: bytes) -> Report:
        self.inspected += 1
        pixel = Image.open(io.BytesIO(image)).getpixel((60, 80))
        assert isinstance(pixel, tuple)
        near = [code for shade, code in self.faulty.items() if abs(shade - pixel[0]) < 3]
        return Report(near[0] if near else None)

    async def enrol_portrait(self, *, subject_id: str, image: bytes, session_id: str) -> None:
        assert session_id
        self.enrolled[subject_id] = image


@dataclass
class Hall:
    """How many sittings are open: the sittings room's part in closing."""

    open: int = 0

    async def count_open(self, session: ReadSession, session_id: str) -> int:
        assert session_id
        del session
        return self.open

    async def submit_open(self, principal: Principal, session_id: str, reason_text: str) -> int:
        assert principal.subject
        assert session_id
        del reason_text
        submitted, self.open = self.open, 0
        return submitted


@dataclass
class Bank:
    """Packages of this installation's bank."""

    packages: dict[str, bytes] = field(default_factory=dict)

    async def package_file(self, principal: Principal, package_id: str) -> bytes:
        assert principal.subject
        if package_id not in self.packages:
            raise Refusal("papers.no_package")
        return self.packages[package_id]


class World:
    """Services and people. Build with ``World(...)``, then ``await`` what a test needs."""

    def __init__(self, database: Database, home: Path) -> None:
        self.database = database
        self.clock = HandClock()
        self.keyring = FileKeyRing(home / "keyring.json")
        self.blobs = LocalBlobs(home / "blobs")
        self.ledger = make_ledger(database, self.clock, self.keyring)
        self.desk, self.hall, self.bank = PlainDesk(), Hall(), Bank()
        self.accounts = AccountsService(database, self.clock)
        self.bodies = BodiesService(database, self.clock)
        self.sessions = SessionsService(database, self.clock, self.ledger, ExamPolicy(), self.hall)
        self.registration = RegistrationService(
            database, self.clock, self.ledger, self.blobs, self.keyring, self.desk
        )
        self.papers = self.new_papers()
        self.seating = SeatingService(database, self.clock, self.ledger, self.keyring)

    def new_papers(self, *, alone: bool = False) -> PapersService:
        """The papers room as after a restart: nothing in memory."""
        return PapersService(
            self.database,
            self.clock,
            self.ledger,
            self.blobs,
            self.keyring,
            self.bank,
            [BANK.public.hex()],
            alone=alone,
        )

    async def person(self, account: str, *roles: Role) -> Principal:
        """A member of staff with password and PIN."""
        made = await self.accounts.create(
            by=None, account=account, name=account, roles=roles, password=PASSWORD, pin=PIN
        )
        claims = {"roles": sorted(roles), "name": account, "account": account}
        return Principal(made.account_id, "staff", claims)

    async def rooms(self, *grids: tuple[int, int], spares: bool = False) -> list[str]:
        """Room ids at one new site."""
        body = await self.bodies.add_body(code="B1", name="示例评价机构")
        site = await self.bodies.add_site(
            body_id=body.id, code="S1", name="示例考点", address="示例路 1 号"
        )
        made = [
            await self.bodies.add_room(
                site.id,
                code=f"{301 + n}",
                name=f"第{n + 1}考场",
                rows=r,
                cols=c,
                with_spares=spares,
            )
            for n, (r, c) in enumerate(grids)
        ]
        return [room.room_id for room in made]

    async def session(self, officer: Principal, room_ids: Sequence[str], level: int = 3) -> str:
        """A session that starts in an hour."""
        view = await self.sessions.plan(
            officer,
            Plan(
                name="第一场",
                occupation_code="4-04-05-05",
                occupation_name="人工智能训练师",
                level=level,
                subject="理论知识",
                starts_at_ms=self.clock.now_ms() + STARTS_IN_S * 1_000,
                duration_s=5_400,
                room_ids=room_ids,
                policy=ExamPolicy(),
            ),
        )
        return view.row.id

    async def candidates(self, officer: Principal, session_id: str, count: int) -> None:
        """``count`` candidates with portraits."""
        report = await self.registration.importing.run(
            officer,
            session_id,
            roster=roster_of(count),
            portraits=portraits_of(count),
            dry_run=False,
            partial=False,
        )
        assert report.written, report.faults

    async def acts(self, session_id: str) -> list[str]:
        """Kinds in the session's ledger stream, in order."""
        async with self.database.read() as session:
            records = await self.ledger.read(session, f"session/{session_id}")
        return [record.kind for record in records]


@dataclass
class Arranged:
    """A world with a session whose draw is done and whose package is in."""

    world: World
    officer: Principal
    chief: Principal
    holders: tuple[Principal, Principal]
    session_id: str
    sealed: Sealed


async def prepared(
    world: World, *, people: int, grids: Sequence[tuple[int, int]], spares: bool = False
) -> Arranged:
    """Everything up to the freeze."""
    officer = await world.person("officer", Role.OFFICER)
    chief = await world.person("chief", Role.CHIEF)
    first = await world.person("holder1", Role.KEY_HOLDER)
    second = await world.person("holder2", Role.KEY_HOLDER)
    session_id = await world.session(officer, await world.rooms(*grids, spares=spares))
    for who, duty in (
        (chief, Duty.CHIEF),
        (first, Duty.KEY_HOLDER),
        (second, Duty.KEY_HOLDER),
    ):
        await world.sessions.staff(
            officer, session_id, account_id=who.subject, duty=duty, room_id=None
        )
    keys = {}
    for who in (first, second):
        holder = await world.papers.holders.enrol(who, PASSPHRASE + who.subject)
        keys[holder.holder_id] = holder.public
    sealed = seal_package(keys)
    await world.papers.receiving.receive(officer, session_id, sealed.data)
    await world.candidates(officer, session_id, people)
    return Arranged(world, officer, chief, (first, second), session_id, sealed)


async def draw_lots(arranged: Arranged) -> None:
    """Freeze, both commitments, both reveals."""
    seating, session_id = arranged.world.seating, arranged.session_id
    view = await seating.freeze(arranged.officer, session_id)
    values = {"chief": hashlib.sha256(b"chief").digest(), "officer": hashlib.sha256(b"o").digest()}
    people = {"chief": arranged.chief, "officer": arranged.officer}
    for party, value in values.items():
        kept = commitment(view.draw_id, party, value).hex()
        await seating.take_commitment(people[party], session_id, party, kept)
    for party, value in values.items():
        await seating.reveal(people[party], session_id, party, value.hex())


def make_ledger(database: Database, clock: HandClock, keyring: FileKeyRing) -> Ledger:
    """The ledger as the composition root builds it."""
    return Ledger(database, keyring, clock, "hall.test")
