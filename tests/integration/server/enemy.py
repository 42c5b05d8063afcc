"""What an enemy has: the whole program in this process, its own description, tokens of all kinds.

The session is a real one under way (``tests.integration.server.hall``), so that hostile requests
get as far as the code lets them; the program is put together by ``server.app`` over the same
database.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from kernel.access import Role, issue_token
from kernel.settings import FaceSettings, HttpSettings, PdfSettings, Settings
from server.app import create_app
from server.sessions.tables import StaffRow
from setup.places import FONTS, MODELS
from tests.integration.server.hall import JPEG, ExamDay, Seated, exam_day
from tests.integration.server.world import PIN, World

PATTERNS = {
    "^[0-9a-f]{64}$": "0" * 64,
    "^[0-9a-fA-F]{64}$": "0" * 64,
    "^(zh|en)$": "zh",
    r"^\d{1,4}(\.\d{1,2})?$": "1",
    r"^(0(\.\d{1,4})?|1(\.0{1,4})?)$": "0",
}
BY_NAME = {
    "second_account": "second", "second_pin": PIN, "signature_b64": "AAAA",
    "public_key_b64": "AAAA",
}  # fmt: skip
VALID_S = 86_400
GOODBYE_S = 0.2
KEYS = {"code", "kind", "params", "message", "rows"}


@dataclass
class Endpoint:
    """One operation as the program describes it."""

    method: str
    path: str
    operation: dict[str, Any]
    schemas: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def changes_state(self) -> bool:
        return self.method != "GET"

    @property
    def declared(self) -> set[str]:
        """The refusal codes that it announces."""
        told = [a["description"] for status, a in self.operation["responses"].items()
                if status >= "400"]  # fmt: skip
        return {code.strip() for text in told for code in text.split(",")}

    @property
    def query(self) -> dict[str, Any]:
        return {
            p["name"]: example(p["schema"], self.schemas)
            for p in self.operation.get("parameters", ())
            if p["in"] == "query"
        }

    @property
    def content_type(self) -> str:
        """Of a body with a schema; pictures and recordings are raw and have none."""
        content = self.operation.get("requestBody", {}).get("content", {})
        return next((kind for kind, told in content.items() if "schema" in told), "")

    @property
    def body(self) -> dict[str, Any] | None:
        """A body that the description allows; None where it names none (pictures are raw)."""
        if not self.content_type:
            return None
        schema = self.operation["requestBody"]["content"][self.content_type]["schema"]
        made: dict[str, Any] = example(schema, self.schemas)
        return made

    @property
    def path_names(self) -> dict[str, str]:
        """Names in the path, each with something of its type that names nothing."""
        return {
            p["name"]: "0" if p["schema"].get("type") == "integer" else "none_1"
            for p in self.operation.get("parameters", ())
            if p["in"] == "path"
        }

    def url(self, known: dict[str, str]) -> str:
        """The path with real ids where ``known`` has them, and with unknown ones elsewhere."""
        path = self.path
        for name, nothing in self.path_names.items():
            path = path.replace(f"{{{name}}}", known.get(name, nothing))
        return path


def example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A value that the schema allows."""
    for choice in ("anyOf", "allOf", "oneOf"):
        if choice in schema:
            schema = schema[choice][0]
    if "$ref" in schema:
        return example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {
            name: BY_NAME[name] if name in BY_NAME else example(inner, schemas)
            for name, inner in properties.items()
        }
    if kind == "array":
        inner = schema.get("items") or schema["prefixItems"][0]
        return [example(inner, schemas)] * max(1, schema.get("minItems", 1))
    return plain_example(kind, schema)


def plain_example(kind: str | None, schema: dict[str, Any]) -> Any:
    """A boolean, a number, a file or a text."""
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        return int(schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1))
    if "contentMediaType" in schema or schema.get("format") == "binary":
        return b"no such file"
    if "pattern" in schema:
        return PATTERNS[schema["pattern"]]
    return "x" * max(1, schema.get("minLength", 1))


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every leaf of a body with the way to it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*at, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*at, number))
    else:
        yield at, value


def planted(value: Any, at: tuple[Any, ...], leaf: Any) -> Any:
    """A copy with one leaf replaced."""
    if not at:
        return leaf
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = planted(value[at[0]], at[1:], leaf)
    return copy


@dataclass
class Enemy:
    """A client of the whole program, with tokens and real ids."""

    app: FastAPI
    client: AsyncClient
    known: dict[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    def endpoints(self) -> list[Endpoint]:
        described = self.app.openapi()
        return [
            Endpoint(method.upper(), path, operation, described["components"]["schemas"])
            for path, item in described["paths"].items()
            for method, operation in item.items()
        ]

    async def send(
        self, endpoint: Endpoint, token: str = "", *, known: bool = False, **how: Any
    ) -> Response:
        """A well-formed request but for what ``how`` replaces (``url``, ``content``, ``json``…)."""
        headers = dict(how.pop("headers", {}))
        if token:
            headers["authorization"] = f"Bearer {self.tokens.get(token, token)}"
        url = how.pop("url", None) or endpoint.url(self.known if known else {})
        how.setdefault("params", endpoint.query)
        if not {"content", "json", "data", "files"} & set(how):
            how |= sound(endpoint, endpoint.body)
            headers |= how.pop("headers", {})
            if endpoint.body is None and endpoint.changes_state:
                how["content"] = JPEG + b"same"
        return await self.client.request(endpoint.method, url, headers=headers, **how)

    def url_of_room(self) -> str:
        return f"/api/sessions/{self.known['session_id']}/rooms/{self.known['room_id']}"

    def hello(self, token: str) -> str:
        return json.dumps({"type": "hello", "token": self.tokens[token]})

    async def talk(self, path: str, says: list[str | bytes]) -> "Said":
        """Over a socket: each of ``says`` when the one before was heard, then goodbye.

        Raises what the program lets escape.
        """
        said, heard = Said(), asyncio.Event()
        waiting = [{"type": "websocket.connect"}, *map(_frame, says)]

        async def receive() -> dict[str, Any]:
            if waiting:
                if len(waiting) == 1 and len(says) > 1:
                    await heard.wait()
                return waiting.pop(0)
            await asyncio.wait({asyncio.create_task(said.over.wait())}, timeout=GOODBYE_S)
            return {"type": "websocket.disconnect", "code": 1000}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "websocket.send":
                said.messages.append(json.loads(message["text"]))
                heard.set()
            elif message["type"] == "websocket.close":
                said.closed_with = message["code"]
                said.over.set()

        scope = {
            "type": "websocket", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [], "subprotocols": [], "scheme": "ws", "root_path": "",
            "server": ("enemy", 80), "client": ("enemy", 1), "state": {}, "app": self.app,
        }  # fmt: skip
        await self.app(scope, receive, send)
        return said


@dataclass
class Said:
    """What came back over a socket."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    closed_with: int | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)


def _frame(content: str | bytes) -> dict[str, Any]:
    kind = "bytes" if isinstance(content, bytes) else "text"
    return {"type": "websocket.receive", kind: content}


def sound(endpoint: Endpoint, body: Any) -> dict[str, Any]:
    """The body as httpx sends it. A lone surrogate goes over the wire as its JSON escape."""
    if body is None:
        return {}
    if endpoint.content_type == "application/json":
        return {
            "content": json.dumps(body).encode(),
            "headers": {"content-type": "application/json"},
        }
    data = {k: str(v) for k, v in body.items() if not isinstance(v, bytes)}
    files = {k: ("file.bin", v) for k, v in body.items() if isinstance(v, bytes)}
    return {"data": data, "files": files or {"unused": ("file.bin", b"")}}


def is_error_body(reply: Response) -> bool:
    """The one shape of an error, with words in both languages."""
    body = reply.json()
    return (
        set(body) == KEYS
        and bool(body["code"])
        and all(body["message"].get(lang, "").strip() for lang in ("zh", "en"))
        and body["message"]["zh"] != body["message"]["en"]
    )


@asynccontextmanager
async def enemy_in(world: World, home: Path) -> AsyncIterator[Enemy]:
    """An enemy of an exam day on which one candidate is answering."""
    day = await exam_day(world)
    world.ledger.start()
    one = await day.face_candidate()
    await day.answering(one)
    await world.ledger.stop()
    async with _enemy_of(day, one, home) as made:
        yield made


@asynccontextmanager
async def _enemy_of(day: ExamDay, one: Seated, home: Path) -> AsyncIterator[Enemy]:
    """The program over the day's database and files, and a token of every kind."""
    world = day.world
    data = home / "data"
    (data / "keys").mkdir(parents=True)
    shutil.copy(home / "keyring.json", data / "keys" / "keyring.json")
    shutil.copytree(home / "blobs", data / "blobs", dirs_exist_ok=True)
    settings = Settings(
        data_dir=data,
        database_url=world.database.writer_engine.url.render_as_string(hide_password=False),
        client_dir=home / "no-client",
        http=HttpSettings(origin=world.ledger.origin),
        face=FaceSettings(models_dir=MODELS),
        pdf=PdfSettings(font_path=FONTS / "NotoSansSC-Regular.ttf"),
    )
    app = create_app(settings, day.clock)
    services = app.state.services
    services.ledger.start()
    transport = ASGITransport(app, raise_app_exceptions=False)
    known = {
        "session_id": day.session_id,
        "room_id": one.seat.room_id,
        "sitting_id": one.sitting_id,
        "candidate_id": one.candidate_id,
        "checkin_id": one.checkin_id,
        "machine_code": one.seat.machine_code,
        "site_id": await _site(world),
    }
    try:
        async with AsyncClient(transport=transport, base_url="http://enemy", timeout=60) as client:
            enemy = Enemy(app, client, known, await _tokens(day))
            enemy.tokens["candidate"] = one.token
            yield enemy
    finally:
        await services.ledger.stop()
        await services.pool.stop()
        await services.database.close()


async def _site(world: World) -> str:
    sites = await world.bodies.sites()
    return sites[0].id


async def _tokens(day: ExamDay) -> dict[str, str]:
    """One of each role without a duty, one without a role, and one with every role and duty."""
    roles = {role.value: [role.value] for role in Role} | {"nobody": []}
    subjects = {name: f"account_{name}" for name in roles}
    subjects["everybody"], roles["everybody"] = day.chief.subject, [role.value for role in Role]
    tokens = {}
    async with day.world.database.write() as tx:
        for name, held in roles.items():
            tokens[name] = await issue_token(
                tx, day.clock, subject=subjects[name], kind="staff",
                claims={"roles": held, "name": name, "account": name}, valid_s=VALID_S,
            )  # fmt: skip
        for duty in ("officer", "invigilator", "key_holder", "marker"):
            tx.add(
                StaffRow(
                    id=f"duty_{duty}", session_id=day.session_id, account_id=day.chief.subject,
                    duty=duty, room_id=None,
                )
            )  # fmt: skip
    return tokens
