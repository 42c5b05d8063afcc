"""A second verifier, written from docs/formats alone: nothing of this program is imported.

``python -m tests.vectors.stranger ARCHIVE.zip [KEY-FILE]`` prints what is wrong, exit 1 if anything
is. It names the stream and the record where a rule of ledger.md §8 first fails, and does not guess
what happened. It is a test of the documents; where they are not enough, they are wrong.
"""

import json
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.vectors.stranger_frames import (
    WrongError,
    canonical,
    device_signed,
    fields_of,
    frame,
    server_signed,
)
from tests.vectors.stranger_tree import tree_problems

Problems = list[str]
Kinds = dict[str, tuple[str, tuple[str, ...]]]
"""Kind → who writes it, and the nouns of the streams it may stand in."""
OPENINGS = {"opened", "room_opened", "session_opened"}


# --- archive.md ---------------------------------------------------------------------------------


def container(data: bytes, order: list[str], held: dict[str, bytes]) -> bytes:
    """The only bytes that this archive may have as a ZIP (below the ZIP64 limits)."""
    body, directory = b"", b""
    for path in order:
        name, content = path.encode(), held[path]
        sizes = struct.pack("<3I", zlib.crc32(content), len(content), len(content))
        fixed = struct.pack("<4H", 0x0800, 0, 0, 33) + sizes + struct.pack("<H", len(name))
        directory += b"PK\x01\x02" + struct.pack("<2H", 0x032D, 20) + fixed
        directory += struct.pack("<4H2I", 0, 0, 0, 0, 0o100644 << 16, len(body)) + name
        body += b"PK\x03\x04" + struct.pack("<H", 20) + fixed + b"\0\0" + name + content
    count = len(order)
    end = struct.pack("<4H2IH", 0, 0, count, count, len(directory), len(body), 0)
    whole = body + directory + b"PK\x05\x06" + end
    if whole != data:
        raise WrongError("the container has bytes of its own")
    return whole


def manifest_of(held: dict[str, bytes]) -> tuple[dict[str, Any], Problems]:
    """The manifest, and what is not as it says."""
    stored, problems = held["manifest.json"], []
    manifest: dict[str, Any] = json.loads(stored)
    if canonical(manifest).encode() != stored or manifest["format"] != "gongyuan-archive-1":
        problems.append("manifest.json: not canonical")
    public = bytes.fromhex(manifest["signer_public"])
    if not server_signed(public, frame("archive-manifest", 1, [stored]), held["manifest.sig"]):
        problems.append("manifest.json: signature")
    listed = {one["path"]: one for one in manifest["files"]}
    problems += [f"{path}: not listed" for path in held.keys() - listed.keys() - _UNLISTED]
    for path, one in listed.items():
        if path not in held:
            problems.append(f"{path}: missing")
        elif (len(held[path]), sha256(held[path]).hexdigest()) != (
            one["size_bytes"],
            one["sha256"],
        ):
            problems.append(f"{path}: changed")
    return manifest, problems


_UNLISTED = {"manifest.json", "manifest.sig"}


# --- ledger.md ----------------------------------------------------------------------------------


def records(data: bytes) -> Iterator[tuple[bytes, list[Any], bytes, bytes]]:
    """Header frame, its fields, ciphertext, record hash."""
    if not data.startswith(b"GYSTREAM1\n"):
        raise WrongError("magic")
    at = 10
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        raw = data[at + 4 : at + 4 + size]
        if len(raw) != size or at + 4 > len(data):
            raise WrongError("cut off")
        header, ciphertext = fields_of("record", 1, raw)
        yield header, fields_of("record-header", 1, header), ciphertext, sha256(raw).digest()
        at += 4 + size


def check_chain(origin: str, name: str, data: bytes, count: int, head: bytes) -> str | None:
    """The first rule of §8.3 that fails, with its record."""
    previous, seq, version = bytes(32), 0, 0
    try:
        for _, fields, _, record in records(data):
            seq += 1
            if fields[:4] != [origin, name, seq, previous]:
                return f"{name} #{seq}: not this place"
            begins = seq == 1 and fields[6] > 0
            steps = begins or fields[6] - version in {0, 1}
            if not steps or fields[7] != "A256GCM-SHA256":
                return f"{name} #{seq}: key version or suite"
            previous, version = record, fields[6]
    except (WrongError, ValueError, IndexError) as wrong:
        return f"{name} #{seq + 1}: {wrong}"
    return None if (seq, previous) == (count, head) else f"{name} #{seq}: not the sealed head"


def body_of(key: bytes, header: bytes, fields: list[Any], ciphertext: bytes) -> tuple[str, Any]:
    """§2: opens a record and checks its commitment and padding."""
    origin, stream, suite, salt, commit = fields[0], fields[1], fields[7], fields[8], fields[9]
    info = frame("record-keys", 1, [origin, stream, suite])
    okm = HKDF(algorithm=SHA256(), length=76, salt=salt, info=info).derive(key)
    try:
        body = AESGCM(okm[:32]).decrypt(okm[32:44], ciphertext, header)
    except InvalidTag as wrong:
        raise WrongError("does not open") from wrong
    if sha256(frame("body-commit", 1, [okm[44:76], len(body), body])).digest() != commit:
        raise WrongError("commitment")
    size = int.from_bytes(body[:4], "big")
    if any(body[4 + size :]) or len(body) not in {512 << n for n in range(8)}:
        raise WrongError("padding")
    kind, text = fields_of("record-body", 1, body[4 : 4 + size])
    return kind, json.loads(text)


class Bodies:
    """§3 and §4 for one stream."""

    def __init__(
        self, origin: str, name: str, session_id: str, kinds: Kinds, keys: dict[str, str]
    ) -> None:
        self.where = (origin, name)
        self.session_id = session_id
        self.kinds = kinds
        self.keys = keys
        self.devices: dict[int, str] = {}
        self.events: dict[int, list[bytes]] = {}
        self.covered: dict[int, int] = {}
        self.version = 0

    def take(self, fields: list[Any], key: bytes, kind: str, body: Any) -> None:
        seq, epoch = fields[2], fields[5]
        writer, nouns = self.kinds.get(kind, ("", ()))
        if self.where[1].split("/")[0] not in nouns or (seq == 1) != (kind in OPENINGS):
            raise WrongError(f"kind {kind}")
        if seq == 1:
            self.opening(body, key)
            self.version = fields[6]
            return
        if fields[6] != self.version:
            raise WrongError("key version that was not announced")
        self.later(epoch, kind, writer, body)

    def later(self, epoch: int, kind: str, writer: str, body: Any) -> None:
        if kind == "key_rotated":
            self.rotated(body)
        elif kind == "device":
            if epoch in self.devices:
                raise WrongError("device twice")
            self.devices[epoch] = body["public_key"]
            self.events[epoch], self.covered[epoch] = [], 0
        elif kind == "conflict":
            return
        elif "client_seq" in body:
            self.event(epoch, kind, body)
        elif writer == "device" and self.where[1].startswith("sitting/"):
            raise WrongError("no device")
        elif kind == "submitted" and "client_signature" in body:
            self.final(body)

    def opening(self, body: Any, key: bytes) -> None:
        noun, _, rest = self.where[1].partition("/")
        commitment = sha256(frame("data-key-commitment", 1, [key])).hexdigest()
        if (body["session_id"], body["data_key"]) != (self.session_id, commitment):
            raise WrongError("opening")
        if noun in {"sitting", "camera"} and body["sitting_id"] != rest:
            raise WrongError("opening of another sitting")

    def rotated(self, body: Any) -> None:
        """keys.md §3."""
        self.version += 1
        key = bytes.fromhex(self.keys[str(self.version)])
        commitment = sha256(frame("data-key-commitment", 1, [key])).hexdigest()
        if (body["version"], body["data_key"]) != (self.version, commitment):
            raise WrongError("announcement")

    def event(self, epoch: int, kind: str, body: Any) -> None:
        numbered = self.events.get(epoch)
        if numbered is None or body["client_seq"] != len(numbered) + 1:
            raise WrongError("client number")
        response = canonical(body["response"]) if "response" in body else ""
        fields = [epoch, body["client_seq"], kind, body.get("item_id", ""), response]
        numbered.append(frame("client-event", 1, [*fields, body["client_ms"]]))
        if "batch" in body:
            first, last = body["batch"]["first_seq"], len(numbered)
            if not 1 <= first <= self.covered[epoch] + 1:
                raise WrongError("batch")
            content = sha256(b"".join(numbered[first - 1 :])).digest()
            message = frame("client-batch", 1, [*self.where, epoch, first, last, content])
            if not device_signed(self.devices[epoch], message, body["batch"]["signature"]):
                raise WrongError("device signature")
            self.covered[epoch] = last

    def final(self, body: Any) -> None:
        epoch, state = body["epoch"], bytes.fromhex(body["state_hash"])
        message = frame("client-final", 1, [*self.where, epoch, body["last_seq"], state])
        if not device_signed(self.devices[epoch], message, body["client_signature"]):
            raise WrongError("final signature")

    def finish(self) -> None:
        if any(len(one) != self.covered[epoch] for epoch, one in self.events.items()):
            raise WrongError("events without a signature")


def check_bodies(bodies: Bodies, name: str, data: bytes) -> str | None:
    """The first record of a stream whose body breaks a rule."""
    seq = 0
    try:
        for header, fields, ciphertext, _ in records(data):
            seq += 1
            key = bytes.fromhex(bodies.keys[str(fields[6])])
            bodies.take(fields, key, *body_of(key, header, fields, ciphertext))
        bodies.finish()
    except (WrongError, KeyError) as wrong:
        return f"{name} #{seq}: {wrong}"
    return None


def kinds_of(page: str) -> Kinds:
    """The table of kinds.md."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w, ]+) \|", page, re.MULTILINE)
    return {kind: (writer, tuple(nouns.split(", "))) for kind, writer, nouns in rows}


# --- the whole ----------------------------------------------------------------------------------


def verify(
    path: Path,
    kinds: Kinds,
    key_file: Path | None = None,
    *,
    trust: bytes | None = None,
    witnesses: Sequence[str] = (),
    quorum: int = 0,
) -> Problems:
    """Everything that is wrong with an archive; empty when nothing is."""
    data = path.read_bytes()
    try:
        with zipfile.ZipFile(path) as opened:
            order = opened.namelist()
            held = {name: opened.read(name) for name in order}
        container(data, order, held)
        manifest, problems = manifest_of(held)
    except (zipfile.BadZipFile, WrongError, ValueError, KeyError, NotImplementedError) as wrong:
        return [f"container: {wrong}"]
    places = [name for name in order if name.endswith("/session-seal.bin")]
    if len(places) != 1:
        return [*problems, "session-seal.bin: not there once"]
    folder = places[0].removesuffix("session-seal.bin")
    keys = None if key_file is None else json.loads(key_file.read_bytes())
    try:
        sealed, signature, public = fields_of("seal-file", 1, held[places[0]])
        seal = fields_of("session-seal", 1, sealed)
    except (WrongError, ValueError) as wrong:
        return [*problems, f"{places[0]}: {wrong}"]
    if not server_signed(public, sealed, signature) or public.hex() != manifest["signer_public"]:
        problems.append(f"{places[0]}: signature or key")
    if trust is not None and public != trust:
        problems.append(f"{places[0]}: another server's key")
    problems += tree_problems(held, folder, seal, public, list(witnesses), quorum)
    return problems + _streams(held, folder, seal, keys, kinds) + _blobs(held, folder)


def _streams(
    held: dict[str, bytes], folder: str, seal: list[Any], keys: Any, kinds: Kinds
) -> Problems:
    origin, session_id, _, roster, streams = seal
    problems, known = [], {folder + "session-seal.bin"}
    for name, count, head in streams:
        place = f"{folder}{name}.records"
        known.add(place)
        if place not in held:
            problems.append(f"{name}: missing")
            continue
        said = check_chain(origin, name, held[place], count, head)
        scope = re.sub("^camera/", "sitting/", name)
        if said is None and keys is not None and scope in keys["keys"]:
            bodies = Bodies(origin, name, session_id, kinds, keys["keys"][scope])
            said = check_bodies(bodies, name, held[place])
        problems += [said] if said else []
        noun, _, rest = name.partition("/")
        if noun == "sitting" and rest not in [sitting for sitting, _ in roster]:
            problems.append(f"{name}: not on the roster")
    sealed = {name for name, _, _ in streams}
    problems += [f"sitting/{one}: marked, not sealed" for one, state in roster
                 if state == "number" and f"sitting/{one}" not in sealed]  # fmt: skip
    return problems + [f"{one}: not sealed" for one in held if one.startswith(folder)
                       and one not in known and not one.startswith(folder + "tree/")]  # fmt: skip


def _blobs(held: dict[str, bytes], folder: str) -> Problems:
    place = folder.removesuffix("/").rpartition("/")[0] + "/blobs.json"
    if place not in held:
        return []
    try:
        listed = json.loads(held[place])["blobs"]
    except ValueError:
        return [f"{place}: not readable"]
    right: Callable[[Any], bool] = lambda one: (  # noqa: E731 - one rule of §8
        one["path"] in held and sha256(held[one["path"]]).hexdigest() == one["sha256"]
    )
    return [f"{one['path']}: not as listed" for one in listed if not right(one)]


def main(words: list[str]) -> int:
    """Exit 0 when nothing is wrong."""
    docs = Path(__file__).resolve().parents[2] / "docs" / "formats" / "kinds.md"
    keys = Path(words[1]) if len(words) > 1 else None
    problems = verify(Path(words[0]), kinds_of(docs.read_text()), keys)
    sys.stdout.write("\n".join(problems) + "\n" if problems else "holds\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
