"""What a stream's bodies prove to whoever has its data key. Pure.

Rules kept here: every body opens under its header and fits its commitment; the first record binds
session and data key; kinds are of the catalogue; what a candidate's device did is numbered without
gaps and stands under that device's signature; what only the server says is not called more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.crypto.signing import DevicePublicKey
from kernel.crypto.suite import Suite, suite_named
from ledger.chain import Damage, Finding, Stored
from ledger.client import ClientEvent, batch_message, event_of, final_message
from ledger.kinds import CATALOGUE, Writer
from ledger.record import Body, Header, StreamKey, read_body
from ledger.scopes import key_commitment, scope_of

_STAFF, _DEVICE = Writer.STAFF, Writer.DEVICE  # a member by its class costs a look-up each time
_OPENINGS = frozenset({"opened", "room_opened", "session_opened", "destruction_opened"})


@dataclass(slots=True)
class Opened:
    """What opening a stream came to."""

    finding: Finding | None = None
    bodies: int = 0
    device_events: int = 0
    signatures: int = 0
    conflicts: int = 0
    staff_acts: int = 0


def open_bodies(
    origin: str,
    stream_id: str,
    session_id: str,
    records: Sequence[Stored],
    keys: Mapping[tuple[str, int], bytes],
) -> Opened:
    """Open every record of a stream whose chain is whole; stops at the first broken place."""
    bodies = Bodies(origin, stream_id, session_id, keys)
    for one in records:
        bodies.take(one)
    return bodies.finish()


@dataclass(slots=True)
class _Device:
    """One device epoch: its key (None: no point, nothing holds under it) and its events;
    ``covered`` is the last one under a signature.
    """

    key: DevicePublicKey | None
    events: dict[int, ClientEvent] = field(default_factory=dict)
    seqs: dict[int, int] = field(default_factory=dict)
    covered: int = 0

    @property
    def last(self) -> int:
        return len(self.events)

    def holds(self, message: bytes, signature: bytes) -> bool:
        return self.key is not None and self.key.holds(message, signature)


class Bodies:
    """The bodies of one stream, a record at a time; what it says counts only for a chain that
    holds to its end.
    """

    def __init__(
        self,
        origin: str,
        stream_id: str,
        session_id: str,
        keys: Mapping[tuple[str, int], bytes],
    ) -> None:
        self._origin = origin
        self._stream_id = stream_id
        self._session_id = session_id
        self._noun, self._scope, self._keys = stream_id.partition("/")[0], scope_of(stream_id), keys
        self._ready: dict[tuple[int, str], StreamKey] = {}
        self._devices: dict[int, _Device] = {}
        self._version = 0
        self._result = Opened()

    def take(self, one: Stored) -> None:
        """The next record; after the first broken place nothing more is looked at."""
        if self._result.finding is not None:
            return
        try:
            problem = self._take(one)
        except (ValueError, TypeError, RecursionError) as wrong:  # values that nobody could sign
            problem = Damage.UNREADABLE, str(wrong)[:120]
        if problem is not None:
            damage, detail = problem
            self._result.finding = Finding(damage, self._stream_id, one.header.seq, detail)

    def finish(self) -> Opened:
        """After the last record."""
        if self._result.finding is not None:
            return self._result
        for epoch, device in self._devices.items():
            if device.covered < device.last:
                seq = device.seqs[device.covered + 1]
                detail = f"device {epoch}, no signature over event {device.covered + 1}"
                self._result.finding = Finding(Damage.FORGED, self._stream_id, seq, detail)
                break
        return self._result

    def _take(self, one: Stored) -> tuple[Damage, str] | None:
        header = one.header
        try:
            key = self._key(header)
            if key is None:
                return Damage.WRONG_KEY_VERSION, str(header.key_version)
            body = read_body(key.open_body(header, one.header_bytes, one.ciphertext)[1])
        except (ValueError, TypeError) as wrong:
            return Damage.UNREADABLE, str(wrong)[:120]
        self._result.bodies += 1
        entry = CATALOGUE.get(body.kind)
        self._result.staff_acts += entry is not None and entry.writer is _STAFF
        if entry is None or self._noun not in entry.streams:
            return Damage.UNKNOWN_KIND, body.kind[:40]
        if (header.seq == 1) != (body.kind in _OPENINGS):
            return Damage.UNKNOWN_KIND, f"{body.kind} as record {header.seq}"
        if header.seq == 1:
            self._version = header.key_version
            return self._opening(body, key)
        return self._later(one, body, entry.writer)

    def _key(self, header: Header) -> StreamKey | None:
        """None for another version than the one in force, and where there is no key of it. Raises
        ValueError for an unknown suite.
        """
        version, suite = header.key_version, header.suite
        if header.seq > 1 and version != self._version:
            return None
        key = self._ready.get((version, suite))
        data_key = self._keys.get((self._scope, version)) if key is None else None
        if data_key is not None:
            key = StreamKey(suite_named(suite), data_key, self._origin, self._stream_id)
            self._ready[version, suite] = key
        return key

    def _later(self, one: Stored, body: Body, writer: Writer) -> tuple[Damage, str] | None:
        if body.kind == "key_rotated":
            return self._rotated(body, suite_named(one.header.suite))
        if body.kind == "device":
            return self._device(one.header.epoch, body)
        if body.kind == "conflict":
            self._result.conflicts += 1
        elif "client_seq" in body.content:
            return self._event(one.header.epoch, one.header.seq, body)
        elif writer is _DEVICE and self._stream_id.startswith("sitting/"):
            return Damage.FORGED, f"{body.kind} without a device"
        elif body.kind == "submitted" and "client_signature" in body.content:
            return self._final(body.content)
        return None

    def _opening(self, body: Body, key: StreamKey) -> tuple[Damage, str] | None:
        stated = body.content
        if stated.get("data_key") != key_commitment(key.data_key, key.suite).hex():
            return Damage.WRONG_KEY, ""
        if stated.get("session_id") != self._session_id:
            return Damage.RELABELLED, str(stated.get("session_id"))[:60]
        noun, _, rest = self._stream_id.partition("/")
        sitting_id = stated.get("sitting_id", rest)
        if noun in {"sitting", "camera"} and sitting_id != rest:
            return Damage.RELABELLED, str(sitting_id)[:60]
        return None

    def _rotated(self, body: Body, suite: Suite) -> tuple[Damage, str] | None:
        """The next record, if there is one, is under the version that this one commits to."""
        version = self._version + 1
        if body.content.get("version") != version:
            return Damage.WRONG_KEY_VERSION, f"{str(body.content.get('version'))[:20]} announced"
        key = self._keys.get((self._scope, version))
        if key is not None and body.content.get("data_key") != key_commitment(key, suite).hex():
            return Damage.WRONG_KEY, f"version {version}"
        self._version = version
        return None

    def _device(self, epoch: int, body: Body) -> tuple[Damage, str] | None:
        public = _hex(body.content.get("public_key"))
        if epoch in self._devices or len(public) != 65:
            return Damage.FORGED, f"device {epoch} begins twice or without a key"
        self._devices[epoch] = _Device(_key(public))
        return None

    def _event(self, epoch: int, seq: int, body: Body) -> tuple[Damage, str] | None:
        device = self._devices.get(epoch)
        if device is None:
            return Damage.FORGED, f"device {epoch} was never registered"
        event = event_of(body.kind, body.content)
        if event is None:
            return Damage.UNREADABLE, "not an event"
        if event.seq != device.last + 1:
            return Damage.CLIENT_GAP, f"device {epoch}, {event.seq} after {device.last}"
        device.events[event.seq] = event
        device.seqs[event.seq] = seq
        self._result.device_events += 1
        signed = body.content.get("batch")
        return None if signed is None else self._signed(epoch, seq, signed)

    def _signed(self, epoch: int, seq: int, signed: Any) -> tuple[Damage, str] | None:
        device = self._devices[epoch]
        first = signed.get("first_seq") if isinstance(signed, dict) else None
        if not isinstance(first, int) or not 1 <= first <= device.covered + 1:
            return Damage.FORGED, f"device {epoch}, signature over another batch"
        events = [device.events[number] for number in range(first, device.last + 1)]
        message = batch_message(self._origin, self._stream_id, epoch, events)
        if not device.holds(message, _hex(signed.get("signature"))):
            return Damage.FORGED, f"device {epoch}, events {first} to {device.last}, record {seq}"
        device.covered = device.last
        self._result.signatures += 1
        return None

    def _final(self, stated: Mapping[str, Any]) -> tuple[Damage, str] | None:
        epoch, last = stated.get("epoch"), stated.get("last_seq")
        device = self._devices.get(epoch) if isinstance(epoch, int) else None
        if device is None or not isinstance(epoch, int) or not isinstance(last, int) or last < 0:
            return Damage.FORGED, "handed in by an unknown device"
        state = _hex(stated.get("state_hash"))
        message = final_message(self._origin, self._stream_id, epoch, last, state)
        signature = _hex(stated.get("client_signature"))
        if not device.holds(message, signature):
            return Damage.FORGED, f"device {epoch}, the final state"
        self._result.signatures += 1
        return None


def _key(public: bytes) -> DevicePublicKey | None:
    try:
        return DevicePublicKey(public)
    except ValueError:
        return None


def _hex(text: object) -> bytes:
    try:
        return bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return b""
