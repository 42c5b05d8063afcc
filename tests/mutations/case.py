"""An archive in the hands of an attacker: its files in bytes, and what each attacker can do.

Rules kept here: nobody here has the server's signing key unless the attack says so; whoever lacks
it may still write the manifest anew, leave its signature or put an own one under it; who has a
data key seals records as the server does, and chains them on.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec

from kernel.codec import canonical_json, decode, encode
from kernel.crypto.signing import ServerKey, Signer
from kernel.crypto.suite import suite_named
from ledger.chain import Damage
from ledger.layout import SEAL_FILE, STREAM_MAGIC, SealFile, stream_bytes
from ledger.parcel import MANIFEST, SIGNATURE, Entry, Manifest, Sink, signed_bytes
from ledger.parcel.manifest import manifest_bytes, read_manifest
from ledger.record import ZERO_HASH, Body, Header, Place, open_record, record_hash, seal_record
from ledger.scopes import scope_of
from ledger.seal import seal_frame
from ledger.tree.checkpoint import Checkpoint
from ledger.tree.note import sign_note
from ledger.tree.part import CHECKPOINT_FILE, LEAVES_FILE
from tests.mutations.shapes import FOLDER, Shape, place_of

Record = tuple[bytes, bytes]
"""Header and ciphertext."""


@dataclass(frozen=True)
class Expected:
    """What the verifier must name: place, record (0 for a file) and one of these damages."""

    place: str
    seq: int
    damages: frozenset[Damage]
    listed_only: bool = False
    """Nothing but the manifest speaks of this file: who rewrites the manifest moves the place."""


def at(place: str, seq: int, *damages: Damage) -> Expected:
    return Expected(place, seq, frozenset(damages))


@dataclass
class Case:
    """One attack on one archive. ``own`` is the attacker's signing key."""

    shape: Shape
    chance: random.Random
    files: dict[str, bytes] = field(init=False)
    own: ServerKey = field(init=False)
    signed_by: Signer | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.files = dict(self.shape.files)
        self.own = ServerKey(self.chance.randbytes(32))

    def some(self, noun: str = "", least: int = 1) -> str:
        """A stream by chance."""
        return self.chance.choice(self.shape.streams(noun, least))

    def read(self, stream_id: str) -> list[Record]:
        return records(self.files[place_of(stream_id)])

    def write(self, stream_id: str, held: Sequence[Record]) -> None:
        self.files[place_of(stream_id)] = stream_bytes(held)

    def position(self, stream_id: str) -> int:
        """An index by chance."""
        return self.chance.randrange(self.shape.sealed.streams[stream_id][0])

    def key(self, stream_id: str, version: int) -> bytes:
        return self.shape.keys.opened()[scope_of(stream_id), version]

    def opened(self, one: Record) -> tuple[Header, Body]:
        """Header and body, for an attacker with the data key."""
        header = Header.from_bytes(one[0])
        key = self.key(header.stream_id, header.key_version)
        return header, open_record(suite_named(header.suite), key, *one)

    def rechain(
        self, stream_id: str, entries: Sequence[tuple[Header, Body]], kept: int = 0
    ) -> list[Record]:
        """Sealed anew from record ``kept`` + 1 on, each after the other, for whoever has the key.

        Times, epochs and key versions are the headers'; the first ``kept`` stay as they are.
        """
        held = self.read(stream_id)[:kept]
        suite = suite_named(entries[0][0].suite)
        previous = hash_of(held[-1]) if held else ZERO_HASH
        for seq, (header, body) in enumerate(entries[kept:], kept + 1):
            sealed = seal_record(
                suite, self.key(stream_id, header.key_version),
                Place(header.origin, stream_id, seq, previous, header.key_version),
                salt=self.chance.randbytes(32), server_ms=header.server_ms, epoch=header.epoch,
                kind=body.kind, content=body.content,
            )  # fmt: skip
            held.append((sealed.header, sealed.ciphertext))
            previous = sealed.hash
        return held

    def hashes(self) -> dict[str, list[bytes]]:
        """Record hashes of every stream that is there, as it is now."""
        return {
            stream_id: [hash_of(one) for one in self.read(stream_id)]
            for stream_id in self.shape.sealed.streams
            if place_of(stream_id) in self.files
        }

    def reseal(self, signer: Signer) -> None:
        """The seal over the streams as they are now."""
        listed = self.shape.sealed
        finals = [(name, len(held), held[-1]) for name, held in self.hashes().items()]
        frame = seal_frame(
            listed.origin,
            listed.session_id,
            listed.sealed_at_ms,
            list(listed.roster.items()),
            finals,
        )
        sealed = SealFile(frame, signer.sign(frame), signer.public)
        self.files[FOLDER + SEAL_FILE] = sealed.to_bytes()

    def noted(self, checkpoint: Checkpoint, signer: Signer | None = None) -> str:
        """A checkpoint under a key: the server's, or another's."""
        name = self.shape.sealed.origin
        return sign_note(checkpoint.to_text(), name, signer or self.shape.signer).to_text()

    def drop_tree(self) -> None:
        for name in (CHECKPOINT_FILE, LEAVES_FILE):
            self.files.pop(FOLDER + name, None)

    def close(self) -> bool:
        """The manifest, as far as this attacker can make it fit; True when it was rewritten."""
        signer = self.signed_by
        if signer is None:
            choice = self.chance.randrange(3)
            if choice == 0:
                return False
            signer = self.own if choice == 2 else None
        stored = self._manifest(signer)
        self.files[MANIFEST] = stored
        if signer is not None:
            self.files[SIGNATURE] = signer.sign(signed_bytes(stored))
        return True

    def _manifest(self, signer: Signer | None) -> bytes:
        manifest: Manifest = read_manifest(self.shape.files[MANIFEST])
        entries = tuple(
            Entry(path, len(self.files[path]), sha256(self.files[path]).hexdigest())
            for path in sorted(self.files.keys() - {MANIFEST, SIGNATURE})
        )
        public = manifest.signer_public if signer is None else signer.public.hex()
        return manifest_bytes(
            msgspec.structs.replace(manifest, files=entries, signer_public=public)
        )

    def pack(self, sink: Sink) -> None:
        """Into a folder or a ZIP whose container is in good order."""
        for path, data in self.files.items():
            sink.add(path, len(data), [data])
        sink.finish()


Act = Callable[[Case], Expected]


@dataclass(frozen=True)
class Attack:
    """A kind of mutation. ``attacker`` says in words what it takes; ``finds`` what shows it, where
    chains, seal and manifest alone could not; ``with_keys`` verifies with the key file.
    """

    name: str
    attacker: str
    act: Act
    with_keys: bool = False


def records(data: bytes) -> list[Record]:
    """The records of a stream's file that is in good order."""
    found, place = [], len(STREAM_MAGIC)
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        header, ciphertext = decode("record", 1, data[place + 4 : place + 4 + size])
        found.append((header, ciphertext))
        place += 4 + size
    return found


def hash_of(one: Record) -> bytes:
    return record_hash(suite_named(Header.from_bytes(one[0]).suite), *one)


def with_header(header: bytes, **changes: Any) -> bytes:
    """A header with some of its fields changed."""
    return msgspec.structs.replace(Header.from_bytes(header), **changes).to_bytes()


def flipped(data: bytes, place: int, chance: random.Random) -> bytes:
    """One byte with another value."""
    return data[:place] + bytes([data[place] ^ chance.randrange(1, 256)]) + data[place + 1 :]


def frame_changed(data: bytes, kind: str, change: Callable[[list[Any]], None]) -> bytes:
    """A frame with its fields changed."""
    fields = decode(kind, 1, data)
    change(fields)
    return encode(kind, 1, fields)


def json_changed(data: bytes, change: Callable[[Any], None]) -> bytes:
    """Canonical JSON with something changed."""
    value: Mapping[str, Any] = msgspec.json.decode(data)
    change(value)
    return canonical_json(value)
