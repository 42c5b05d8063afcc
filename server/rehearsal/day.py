"""Arranging and running a day through the API, as its staff would do it on the screens.

Rules kept here: only public endpoints are called, with the rights of the person whose act it is;
every step is done or refused by the server, never assumed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx

from kernel.clock import Clock
from kernel.crypto import chance
from paper.items import LEVEL_NAMES
from server.rehearsal.candidate import Desk
from server.rehearsal.cast import Account, Cast, Signed, sign_in
from server.rehearsal.faces import FaceSet
from server.rehearsal.figures import Figures
from server.rehearsal.roster import Person, portraits_file, roster_file
from server.seating.rules import commitment


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be arranged. ``policy`` overrides the installation's defaults."""

    name: str
    occupation_code: str
    occupation_name: str
    level: int
    subject: str
    starts_at_ms: int
    duration_s: int
    policy: dict[str, Any]
    rows: int
    cols: int


@dataclass(slots=True)
class Admitted:
    """A candidate as the day knows him: entry of the roster, ids, and the slip of the desk."""

    person: Person
    candidate_id: str
    sitting_id: str
    ticket_no: str
    desk: Desk | None = None
    seat_no: str = ""


class Day:
    """One session from plan to end; ``arrange`` first, then the acts in the day's order."""

    def __init__(self, http: httpx.AsyncClient, cast: Cast, clock: Clock, figures: Figures) -> None:
        self.http = http
        self.cast = cast
        self.clock = clock
        self.figures = figures
        self.staff: dict[str, Signed] = {}
        self.session_id = ""
        self.room_id = ""
        self.candidates: list[Admitted] = []
        self._machines: dict[str, str] = {}

    async def gather(self) -> None:
        """Everybody signs in."""
        for who in self.cast.everyone:
            await self.gather_one(who)

    async def gather_one(self, who: Account) -> None:
        """One signs in, for instance before the others have accounts."""
        self.staff[who.account] = await sign_in(self.http, who, self.figures)

    async def call(self, who: str, method: str, path: str, **how: Any) -> Any:
        """A staff act, named in the figures by its method and last words."""
        step = f"staff {path.rsplit('/', 1)[-1].partition('?')[0]}"
        return await self.staff[who].api.insist(step, method, path, **how)

    async def plan(self, site_id: str, plan: Plan, room_code: str, room_name: str) -> None:
        """Room with machines, session, staffing."""
        officer = self.cast.officer.account
        room = await self.call(
            officer, "POST", f"/api/sites/{site_id}/rooms",
            json={"code": room_code, "name": room_name, "rows": plan.rows, "cols": plan.cols},
        )  # fmt: skip
        self.room_id = room["room_id"]
        for seat in room["seats"]:
            code = seat["machine_code"]
            reply = await self.call(
                officer, "POST", f"/api/rooms/{self.room_id}/machines/{code}/set-up"
            )
            self._machines[code] = reply["machine_token"]
        session = await self.call(
            officer, "POST", "/api/sessions",
            json={
                "name": plan.name,
                "occupation_code": plan.occupation_code,
                "occupation_name": plan.occupation_name,
                "level": plan.level,
                "subject": plan.subject,
                "starts_at_ms": plan.starts_at_ms,
                "duration_s": plan.duration_s,
                "room_ids": [self.room_id],
                "policy": plan.policy,
            },
        )  # fmt: skip
        self.session_id = session["session_id"]
        await self._staff_session()

    async def _staff_session(self) -> None:
        duties = [("officer", self.cast.officer), ("chief", self.cast.chief)]
        duties += [("invigilator", one) for one in self.cast.invigilators]
        duties += [("key_holder", one) for one in self.cast.holders]
        duties += [("marker", self.cast.marker)]
        for duty, who in duties:
            room = self.room_id if duty == "invigilator" else None
            await self.call(
                self.cast.officer.account, "POST", f"/api/sessions/{self.session_id}/staff",
                json={
                    "account_id": self.staff[who.account].account_id,
                    "duty": duty,
                    "room_id": room,
                },
            )  # fmt: skip

    async def register(
        self, plan: Plan, crowd: Sequence[Person], faces: dict[str, FaceSet]
    ) -> None:
        """Roster and portraits in, tickets out."""
        roster = roster_file(
            crowd, occupation_name=plan.occupation_name, level_name=LEVEL_NAMES[plan.level]
        )
        portraits = portraits_file(crowd, {n: face.portrait for n, face in faces.items()})
        officer = self.cast.officer.account
        path = f"/api/sessions/{self.session_id}/candidates"
        await self.call(
            officer, "POST", f"{path}/import",
            files={
                "roster": ("roster.xlsx", roster),
                "portraits": ("portraits.zip", portraits),
            },
            timeout=300,
        )  # fmt: skip
        listed = await self.call(officer, "GET", path)
        by_name = {person.name: person for person in crowd}
        self.candidates = [
            Admitted(by_name[row["name"]], row["candidate_id"], row["sitting_id"], row["ticket_no"])
            for row in listed
        ]

    async def receive_package(self, package_id: str) -> None:
        """The sealed paper comes in from the bank."""
        await self.call(
            self.cast.officer.account, "POST", f"/api/sessions/{self.session_id}/package",
            data={"package_id": package_id},
        )  # fmt: skip

    async def draw(self) -> None:
        """Freeze, commit, reveal: chief and officer beside the system's own commitment."""
        path = f"/api/sessions/{self.session_id}/draw"
        frozen = await self.call(self.cast.officer.account, "POST", f"{path}/freeze")
        parties = {"chief": self.cast.chief.account, "officer": self.cast.officer.account}
        values = {party: chance.token_bytes(32) for party in parties}
        for party, account in parties.items():
            promise = commitment(frozen["draw_id"], party, values[party])
            await self.call(
                account, "POST", f"{path}/commitments",
                json={"party": party, "commitment_hex": promise.hex()},
            )  # fmt: skip
        for party, account in parties.items():
            await self.call(
                account, "POST", f"{path}/reveals",
                json={"party": party, "value_hex": values[party].hex()},
            )  # fmt: skip

    async def release(self, part: str = "release") -> dict[str, Any]:
        """Two holders give their passphrases (``release`` or ``scoring-release``)."""
        reply: dict[str, Any] = {}
        for who in self.cast.holders:
            reply = await self.call(
                who.account, "POST", f"/api/sessions/{self.session_id}/{part}",
                json={"passphrase": who.passphrase}, timeout=60,
            )  # fmt: skip
        return reply

    async def admit(self, one: Admitted, frame: bytes | None) -> None:
        """The gate: consent, frame (or document and two staff), confirmation, seat."""
        desk, second = self.cast.invigilators[0], self.cast.invigilators[1]
        visit = await self.call(
            desk.account, "POST", f"/api/sessions/{self.session_id}/checkins",
            json={"ticket_no": one.ticket_no},
        )  # fmt: skip
        path = f"/api/checkins/{visit['checkin_id']}"
        face = frame is not None and visit["route"] == "face"
        await self.call(
            desk.account, "POST", f"{path}/consent", json={"face": face, "notice_version": "1"}
        )
        confirmation: dict[str, Any] = {"decision": "confirm"}
        if face and frame is not None:
            shown = await self.call(
                desk.account, "POST", f"{path}/frame", content=frame,
                headers={"content-type": "image/jpeg"},
            )  # fmt: skip
            if shown["verdict"]["advice"] in {"different", "unusable"}:
                confirmation |= {
                    "reason_code": "document_checked",
                    "reason_text": "模拟:证件与本人一致",
                    "second_account": second.account,
                    "second_pin": second.pin,
                }
        else:
            await self.call(
                desk.account, "POST", f"{path}/manual",
                json={
                    "reason_code": "chosen_by_candidate",
                    "reason_text": "考生选择人工核验",
                    "document": "居民身份证",
                    "second_account": second.account,
                    "second_pin": second.pin,
                },
            )  # fmt: skip
        await self.call(desk.account, "POST", f"{path}/confirm", json=confirmation)
        seat = await self.call(desk.account, "POST", f"{path}/seat")
        one.seat_no = seat["seat_no"]
        one.desk = Desk(one.ticket_no, one.person.id_number, self._machines[seat["machine_code"]])

    async def close(self) -> None:
        """The chief closes; whoever still writes is submitted by the server."""
        await self.call(
            self.cast.chief.account, "POST", f"/api/sessions/{self.session_id}/close",
            json={"reason_text": "考试结束", "force": True}, timeout=120,
        )  # fmt: skip

    async def mark(self) -> None:
        """Scoring key opened, machine marking, then the text answers by the marker."""
        await self.release("scoring-release")
        path = f"/api/sessions/{self.session_id}/marking"
        await self.call(self.cast.officer.account, "POST", f"{path}/run", timeout=120)
        marker = self.cast.marker.account
        while (task := await self.call(marker, "GET", f"{path}/queue")) is not None:
            await self.call(
                marker,
                "POST",
                f"/api/marking/{task['task_id']}",
                json={"score": half(task["full"]), "note": "模拟阅卷"},
            )

    async def publish(self) -> None:
        """Two people publish the results."""
        for who in (self.cast.officer, self.cast.chief):
            await self.call(who.account, "POST", f"/api/sessions/{self.session_id}/results/publish")

    async def archive(self) -> dict[str, Any]:
        """The archive is made."""
        made: dict[str, Any] = await self.call(
            self.cast.officer.account,
            "POST",
            f"/api/sessions/{self.session_id}/archive",
            timeout=300,
        )
        return made


def half(full: str) -> str:
    """Half of a full mark, rounded down to the marking step of 0.5."""
    return str(Decimal(full) * 2 // 2 / 2 // Decimal("0.5") * Decimal("0.5"))
