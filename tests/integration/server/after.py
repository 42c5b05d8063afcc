"""An exam that has just been closed: real ledger, real sealed paper, real draw, five candidates.

``alice`` answered everything right, ``bob`` handed in a blank paper, ``chen`` wrote a text and
chose wrong options, ``dora`` never came, ``erik`` has a violation on record.
"""

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

import ledger.tables
import server.archive.tables
import server.invigilation.tables
import server.results.tables
import server.supervision.tables
from kernel.access import KernelTable, Principal, Role
from kernel.blobs import LocalBlobs
from kernel.clock import HandClock
from kernel.crypto import envelope
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import ServerKey
from kernel.db import Database, WriteSession
from kernel.settings import ExamPolicy
from ledger.book import Act, Ledger
from paper.items import FormItem, ItemType, Option
from paper.package import (
    FORMAT,
    Content,
    Form,
    FormSummary,
    Manifest,
    Package,
    Scoring,
    form_hash,
    manifest_bytes,
    pack,
    part_purpose,
    signed_bytes,
)
from paper.scoring import Key, ScoringRule
from server.accounts.tables import AccountRow, ServerTable
from server.bodies.tables import BodyRow, RoomRow, SiteRow
from server.invigilation.tables import ViolationRow
from server.papers.rules import Part
from server.papers.service import PapersService
from server.papers.service.opening import wrap_purpose
from server.papers.tables import PackageRow
from server.registration.tables import CandidateRow
from server.seating.tables import SeatRow
from server.sessions.tables import SessionRoomRow, SessionRow, StaffRow
from server.sittings.tables import SittingRow
from tests.integration.server.after_draw import draw_seats

SESSION, ROOM = "sess_1", "room_1"
SEED = bytes(range(32))
T0 = 1_795_000_000_000
ORIGIN = "hall.example"
STAFF = {
    "officer": Role.OFFICER,
    "chief": Role.CHIEF,
    "invigilator": Role.INVIGILATOR,
    "marker": Role.MARKER,
    "marker2": Role.MARKER,
    "outsider": Role.OFFICER,
    "supervisor": Role.SUPERVISOR,
}
PEOPLE = ("alice", "bob", "chen", "dora", "erik")
SINGLE, MULTIPLE, JUDGE, SHORT = "item_s", "item_m", "item_j", "item_t"
RIGHT: dict[str, dict[str, Any]] = {
    SINGLE: {"options": ["a"]},
    MULTIPLE: {"options": ["a", "b"]},
    JUDGE: {"options": ["true"]},
}
ANSWERS: dict[str, dict[str, dict[str, Any]]] = {
    "alice": {**RIGHT, SHORT: {"text": "因为模型需要标注数据。"}},
    "bob": {},
    "chen": {SINGLE: {"options": ["b"]}, MULTIPLE: {"options": ["a"]}, SHORT: {"text": "不知道"}},
    "erik": dict(RIGHT),
}
DECLARING = (
    server.archive.tables, server.invigilation.tables, server.results.tables,
    server.supervision.tables,
)  # fmt: skip


def schema(url: str) -> None:
    """The tables of kernel, ledger and all rooms up to the archive."""

    async def create() -> None:
        database = Database.open(url)
        async with database.writer_engine.begin() as connection:
            for base in (KernelTable, ledger.tables.LedgerTable, ServerTable):
                await connection.run_sync(base.metadata.create_all)
        await database.close()

    assert DECLARING
    asyncio.run(create())


def staff(name: str) -> Principal:
    """A signed-in member of staff."""
    return Principal(name, "staff", {"roles": [STAFF[name].value]})


def sitting_of(name: str) -> str:
    return f"sit_{name}"


def content() -> Content:
    """Two parallel forms."""
    options = (Option("a", "甲"), Option("b", "乙"), Option("c", "丙"))
    judge = (Option("true", "正确"), Option("false", "错误"))
    items = (
        FormItem(SINGLE, ItemType.SINGLE, "选一个", options, "2", "A-A-A-001"),
        FormItem(MULTIPLE, ItemType.MULTIPLE, "选几个", options, "3", "A-A-A-002"),
        FormItem(JUDGE, ItemType.JUDGE, "判断", judge, "1", "A-A-A-003"),
        FormItem(SHORT, ItemType.SHORT, "说明原因", (), "4", "A-A-A-004"),
    )
    return Content("理论知识试卷", (Form("A", items), Form("B", items[::-1])))


async def changed_content(_session_id: str) -> Content:
    """The same forms by name, other ones by what stands in them."""
    whole = content()
    forms = (Form(one.form_code, one.items[:-1]) for one in whole.forms)
    return Content(whole.title, tuple(forms))


def scoring() -> Scoring:
    every = ScoringRule.ALL_OR_NOTHING
    keys = (
        Key(SINGLE, ("a",), every, "2"),
        Key(MULTIPLE, ("a", "b"), every, "3"),
        Key(JUDGE, ("true",), every, "1"),
        Key(SHORT, (), ScoringRule.BY_HAND, "4", model_answer="监督学习需要标注"),
    )
    return Scoring({key.item_id: key for key in keys})


class Afternoon:
    """The world. ``await build()`` first."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.clock = HandClock(T0 + 7_200_000)
        self.keyring = FileKeyRing(folder / "keyring.json")
        self.blobs = LocalBlobs(folder / "blobs")
        self.ledger = Ledger(database, self.keyring, self.clock, ORIGIN)
        self.papers = PapersService(
            database, self.clock, self.ledger, self.blobs, self.keyring, NoBank()
        )
        self.package_bytes = b""

    async def build(self, *, scoring_open: bool = True) -> "Afternoon":
        package, keys = self._package()
        self.package_bytes = package
        blob = f"papers/{SESSION}/{sha256(package).hexdigest()}.pkg"
        await self.blobs.put(blob, package)
        async with self.database.write() as tx:
            await self._places(tx)
            await self._open_ledger(tx)
            tx.add(self._package_row(blob, package, keys, scoring_open=scoring_open))
            for name in PEOPLE:
                tx.add(_candidate(name))
            await tx.flush()
            await draw_seats(tx, SESSION, ROOM, [sitting_of(name) for name in PEOPLE], T0)
            for name in ANSWERS:
                await self._sit(tx, name)
            await self._violate(tx, "erik")
        return self

    async def answer_late(self, name: str, item_id: str, text: str) -> None:
        """Somebody with the keys writes a further answer into the log."""
        body = {"client_seq": 90, "client_ms": T0, "item_id": item_id, "response": {"text": text}}
        async with self.database.write() as tx:
            await self.ledger.append(
                tx, f"sitting/{sitting_of(name)}", [Act("answer_set", body, 1)]
            )

    @staticmethod
    def dealt(form: Form) -> dict[str, Any]:
        """What stands in the log of a dealt form."""
        return {
            "form_code": form.form_code, "form_hash": form_hash(form).hex(),
            "order_seed": SEED.hex(),
            "plan": {"starts_at_ms": T0, "duration_s": 5_400, "extra_time_pct": 0},
        }  # fmt: skip

    async def session_acts(self, kind: str) -> list[dict[str, Any]]:
        """What stands in the session's stream."""
        async with self.database.read() as session:
            records = await self.ledger.read(session, f"session/{SESSION}")
        return [record.body for record in records if record.kind == kind]

    async def state(self) -> str:
        async with self.database.read() as session:
            row = await session.get(SessionRow, SESSION)
            assert row is not None
            return row.state

    def _package(self) -> tuple[bytes, tuple[bytes, bytes]]:
        bank, keys = ServerKey(b"\x01" * 32), (b"\x02" * 32, b"\x03" * 32)
        sealed = [
            envelope.seal(key, msgspec.json.encode(part), part_purpose("pkg_1", name))
            for key, part, name in zip(
                keys, (content(), scoring()), ("content", "scoring"), strict=True
            )
        ]
        manifest = Manifest(
            format=FORMAT,
            package_id="pkg_1",
            occupation_code="4-04-05-05",
            occupation_name="人工智能训练师",
            level=3,
            title="理论知识试卷",
            pass_score="6",
            sealed_at_ms=T0 - 1,
            forms=tuple(
                FormSummary(form.form_code, len(form.items), "10", form_hash(form).hex())
                for form in content().forms
            ),
            content_sha256=sha256(sealed[0]).hexdigest(),
            scoring_sha256=sha256(sealed[1]).hexdigest(),
            shares_needed=2,
            content_shares=(),
            scoring_shares=(),
            signer_public=bank.public.hex(),
        )
        stored = manifest_bytes(manifest)
        signature = bank.sign(signed_bytes(stored))
        return pack(Package(manifest, stored, signature, sealed[0], sealed[1])), keys

    def _package_row(
        self, blob: str, package: bytes, keys: tuple[bytes, bytes], *, scoring_open: bool
    ) -> PackageRow:
        from paper.package import unpack

        unpacked = unpack(package)
        wrapped = [
            self.keyring.wrap(key, wrap_purpose(SESSION, "pkg_1", part))
            for key, part in zip(keys, (Part.CONTENT, Part.SCORING), strict=True)
        ]
        return PackageRow(
            session_id=SESSION, package_id="pkg_1", blob=blob,
            sha256=sha256(package).hexdigest(), manifest=unpacked.manifest_bytes,
            signer_public=unpacked.manifest.signer_public, received_by="officer",
            received_at_ms=T0, content_key_wrapped=wrapped[0], content_released_at_ms=T0,
            scoring_key_wrapped=wrapped[1] if scoring_open else None,
            scoring_opened_at_ms=T0 if scoring_open else None,
        )  # fmt: skip

    async def _places(self, tx: WriteSession) -> None:
        for name, role in STAFF.items():
            tx.add(
                AccountRow(
                    id=name, account=name, name=name.title(), roles=[role.value], language="zh",
                    password_hash="", pin_hash=None, created_by=None, created_at_ms=0,
                )
            )  # fmt: skip
        tx.add(BodyRow(id="body_1", code="B1", name="评价机构"))
        await tx.flush()
        tx.add(SiteRow(id="site_1", body_id="body_1", code="S1", name="考点", address="路一号"))
        await tx.flush()
        tx.add(RoomRow(id=ROOM, site_id="site_1", code="R1", name="第一考场", rows=2, cols=3))
        tx.add(
            SessionRow(
                id=SESSION, serial=1, name="十一月理论", occupation_code="4-04-05-05",
                occupation_name="人工智能训练师", level=3, subject="理论知识", starts_at_ms=T0,
                duration_s=5_400, policy=ExamPolicy().model_dump(mode="json"), policy_version=1,
                state="closed", roster_root=None, roster_frozen_at_ms=T0 - 1,
                candidate_count=len(PEOPLE), closed_at_ms=T0 + 6_000_000, created_by="officer",
                created_at_ms=0,
            )
        )  # fmt: skip
        await tx.flush()
        tx.add(SessionRoomRow(session_id=SESSION, room_id=ROOM, position=0))
        for name, role in STAFF.items():
            if name not in {"outsider", "supervisor"}:
                tx.add(
                    StaffRow(
                        id=f"duty_{name}", session_id=SESSION, account_id=name, duty=role.value,
                        room_id=None,
                    )
                )  # fmt: skip
        await tx.flush()

    async def _open_ledger(self, tx: WriteSession) -> None:
        await self.ledger.open_session(tx, SESSION)
        await self.ledger.open_stream(tx, f"session/{SESSION}", SESSION, "session_opened", {})
        await self.ledger.open_stream(
            tx, f"room/{SESSION}/{ROOM}", SESSION, "room_opened", {"room_id": ROOM}
        )

    async def sit_late(self, name: str) -> None:
        """Who was offline at the end: a wrong answer in time, a right one and a text after it."""
        end_ms = T0 + 5_400_000
        late = {"late": True, "client_ms": end_ms - 60_000}
        events: list[dict[str, Any]] = [
            {"item_id": SINGLE, "response": {"options": ["b"]}, "client_ms": T0},
            {"item_id": SINGLE, "response": RIGHT[SINGLE], **late},
            {"item_id": SHORT, "response": {"text": "断网时写的"}, **late},
        ]
        acts = [Act("answer_set", {"client_seq": n, **one}, 1) for n, one in enumerate(events, 1)]
        handed = Act("submitted", {"kind": "deadline", "deadline_ms": end_ms}, 1)
        async with self.database.write() as tx:
            await self._sit(tx, name, [acts[0], handed, *acts[1:]], "deadline")

    async def _sit(
        self, tx: WriteSession, name: str, told: list[Act] | None = None, kind: str = "self"
    ) -> None:
        sitting_id, now_ms = sitting_of(name), T0 + 5_000_000
        seat = await tx.get(SeatRow, sitting_id)
        assert seat is not None
        form = next(one for one in content().forms if one.form_code == seat.form_code)
        stream = f"sitting/{sitting_id}"
        for opened in (stream, f"camera/{sitting_id}"):
            await self.ledger.open_stream(
                tx, opened, SESSION, "opened",
                {"form_code": form.form_code, "form_hash": form_hash(form).hex()},
            )  # fmt: skip
        acts = [
            Act(
                "answer_set",
                {"client_seq": n, "client_ms": T0, "item_id": item_id, "response": response},
                1,
            )
            for n, (item_id, response) in enumerate(ANSWERS.get(name, {}).items(), 1)
        ]
        dealt = Act("started", self.dealt(form), 1)
        handed = Act("submitted", {"kind": "self"}, 1)
        await self.ledger.append(tx, stream, [dealt, *(told or [*acts, handed])])
        signed = await self.ledger.receipt(tx, stream, at_ms=now_ms)
        tx.add(
            SittingRow(
                id=sitting_id, session_id=SESSION, candidate_id=f"cand_{name}", room_id=ROOM,
                seat_id=seat.seat_id, seat_no=seat.seat_no, machine_code=seat.machine_code,
                form_code=seat.form_code, sign_in=1, holder=1, epoch=1, device_public=None,
                first_signed_in_at_ms=T0, face_passed=True, face_tries=0, started_at_ms=T0,
                seed_wrapped=None, extensions_s=[], pauses=[], submitted_at_ms=now_ms,
                submit_kind=kind,
                receipt={
                    "receipt_code": signed.code, "submitted_at_ms": now_ms,
                    "answered": len(ANSWERS.get(name, {})), "item_count": 4,
                    "head_hex": signed.head.hex(), "frame_hex": signed.frame.hex(),
                    "signature_hex": signed.signature.hex(), "kind": kind,
                },
            )
        )  # fmt: skip
        await tx.flush()

    async def _violate(self, tx: WriteSession, name: str) -> None:
        sitting_id = sitting_of(name)
        tx.add(
            ViolationRow(
                id="viol_1", session_id=SESSION, room_id=ROOM, sitting_id=sitting_id,
                authority="TEST", article_id="A6-1", recorded_by="invigilator",
                second_by="chief", reason_text="携带手机", evidence=[], at_ms=T0 + 1,
            )
        )  # fmt: skip
        body = {"sitting_id": sitting_id, "article_id": "A6-1", "by": "invigilator"}
        await self.ledger.append(tx, f"session/{SESSION}", [Act("violation", body)])


class NoBank:
    """No package comes from here in these tests."""

    async def package_file(self, principal: Principal, package_id: str) -> bytes:
        raise AssertionError(json.dumps([principal.subject, package_id]))


def _candidate(name: str) -> CandidateRow:
    number = PEOPLE.index(name) + 1
    return CandidateRow(
        id=f"cand_{name}", session_id=SESSION, sitting_id=sitting_of(name),
        ticket_no=f"2026110000{number}", name=name.title(), gender="女", id_type="居民身份证",
        id_number_sealed=b"x", id_number_hash=name.encode(),
        id_number_masked="3408********1234", birth_date=None, education="本科", source="企业职工",
        employer='=HYPERLINK("http://x")' if name == "bob" else "某公司", phone_sealed=None,
        route="face", extra_time_pct=0, portrait_blob=None, portrait_sha256=None,
        created_at_ms=number,
    )  # fmt: skip
