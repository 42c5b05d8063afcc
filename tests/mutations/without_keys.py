"""Attacks with nothing but the files: no data key, no signing key."""

from dataclasses import replace

from ledger.chain import Damage
from ledger.layout import SEAL_FILE, STREAM_MAGIC, SealFile, stream_bytes
from ledger.record import Header
from tests.mutations.case import (
    Attack,
    Case,
    Expected,
    at,
    flipped,
    frame_changed,
    json_changed,
    with_header,
)
from tests.mutations.shapes import BLOB_LIST, FOLDER, place_of

FILES = "has the archive's files; no key"
SEAL = FOLDER + SEAL_FILE


def edit_byte(case: Case) -> Expected:
    """Any byte of any record."""
    stream = case.some()
    held = case.read(stream)
    n = case.position(stream)
    header, ciphertext = held[n]
    if case.chance.random() < 0.5:
        held[n] = (header, flipped(ciphertext, case.chance.randrange(len(ciphertext)), case.chance))
        case.write(stream, held)
    else:
        before = len(b"".join(_framed(one) for one in held[:n]))
        whole = case.files[place_of(stream)]
        start = len(whole) - len(b"".join(_framed(one) for one in held)) + before
        place = start + 4 + case.chance.randrange(len(_framed(held[n])) - 4)
        case.files[place_of(stream)] = flipped(whole, place, case.chance)
    return at(stream, n + 1, *_ANY_EDIT)


_ANY_EDIT = (Damage.EDITED, Damage.WRONG_KEY_VERSION)


def _framed(one: tuple[bytes, bytes]) -> bytes:
    return stream_bytes([one])[len(STREAM_MAGIC) :]


def change_server_time(case: Case) -> Expected:
    stream = case.some()
    held = case.read(stream)
    n = case.position(stream)
    header, ciphertext = held[n]
    moved = Header.from_bytes(header).server_ms + case.chance.choice([-1, 1]) * (
        case.chance.randrange(1, 3_600_000)
    )
    held[n] = (with_header(header, server_ms=moved), ciphertext)
    case.write(stream, held)
    return at(stream, n + 1, Damage.EDITED)


def change_key_version(case: Case) -> Expected:
    stream = case.some()
    held = case.read(stream)
    n = case.position(stream)
    header, ciphertext = held[n]
    other = Header.from_bytes(header).key_version + case.chance.randrange(1, 9)
    held[n] = (with_header(header, key_version=other), ciphertext)
    case.write(stream, held)
    return at(stream, n + 1, Damage.WRONG_KEY_VERSION, Damage.EDITED)


def drop(case: Case) -> Expected:
    stream = case.some(least=2)
    held = case.read(stream)
    n = case.position(stream)
    last = n == len(held) - 1
    del held[n]
    case.write(stream, held)
    return at(stream, n + 1, Damage.TRUNCATED if last else Damage.DROPPED)


def truncate(case: Case) -> Expected:
    """Whole records or in the middle of one."""
    stream = case.some()
    held = case.read(stream)
    n = case.position(stream)
    case.write(stream, held[:n])
    if case.chance.random() < 0.5:
        piece = _framed(held[n])
        case.files[place_of(stream)] += piece[: case.chance.randrange(1, len(piece))]
    return at(stream, n + 1, Damage.TRUNCATED)


def insert_copy(case: Case) -> Expected:
    stream = case.some()
    held = case.read(stream)
    n = case.chance.randrange(len(held) + 1)
    copied = case.chance.randrange(len(held))
    held.insert(n, held[copied])
    case.write(stream, held)
    # A record and its copy side by side are two of one: the record that stands twice is named.
    seq = copied + 1 if copied in {n - 1, n} else n + 1
    return at(stream, seq, Damage.INSERTED)


def insert_new(case: Case) -> Expected:
    stream = case.some()
    held = case.read(stream)
    n = case.position(stream)
    header, ciphertext = held[n]
    held.insert(n, (with_header(header, salt=case.chance.randbytes(32)), ciphertext))
    case.write(stream, held)
    return at(stream, n + 1, Damage.INSERTED)


def reorder(case: Case) -> Expected:
    stream = case.some(least=2)
    held = case.read(stream)
    one, two = sorted(case.chance.sample(range(len(held)), 2))
    held[one], held[two] = held[two], held[one]
    case.write(stream, held)
    return at(stream, one + 1, Damage.REORDERED)


def swap_records(case: Case) -> Expected:
    """The same place of two candidates' streams."""
    one, two = sorted(case.chance.sample(case.shape.streams("sitting/"), 2))
    mine, theirs = case.read(one), case.read(two)
    n = case.chance.randrange(min(len(mine), len(theirs)))
    mine[n], theirs[n] = theirs[n], mine[n]
    case.write(one, mine)
    case.write(two, theirs)
    return at(one, n + 1, Damage.SWAPPED)


def swap_streams(case: Case) -> Expected:
    noun = case.chance.choice(["sitting/", "camera/"])
    one, two = sorted(case.chance.sample(case.shape.streams(noun), 2))
    first, second = place_of(one), place_of(two)
    case.files[first], case.files[second] = case.files[second], case.files[first]
    return at(one, 1, Damage.SWAPPED)


def relabel_stream(case: Case) -> Expected:
    """Another candidate's whole stream under this name, with or without this name in it."""
    one, two = case.chance.sample(case.shape.streams("sitting/"), 2)
    case.files[place_of(one)] = case.files[place_of(two)]
    if case.chance.random() < 0.5:
        held = [(with_header(h, stream_id=one), c) for h, c in case.read(two)]
        case.write(one, held)
        return at(one, 1, Damage.EDITED)
    return at(one, 1, Damage.RELABELLED)


def drop_sitting(case: Case) -> Expected:
    """The file, and sometimes its line in the seal too."""
    stream = case.some("sitting/")
    del case.files[place_of(stream)]
    if case.chance.random() < 0.5:
        return at(stream, 0, Damage.MISSING_SITTING)
    sealed = SealFile.from_bytes(case.files[SEAL])

    def change(fields: list[list[list[object]]]) -> None:
        fields[4] = [one for one in fields[4] if one[0] != stream]

    frame = frame_changed(sealed.frame, "session-seal", change)
    case.files[SEAL] = replace(sealed, frame=frame).to_bytes()
    return at(SEAL, 0, Damage.SEAL)


def drop_stream(case: Case) -> Expected:
    stream = case.chance.choice([one for one in case.shape.streams() if "sitting/" not in one[:8]])
    del case.files[place_of(stream)]
    return at(stream, 0, Damage.MISSING_STREAM)


def add_stream(case: Case) -> Expected:
    place = f"{FOLDER}sitting/sitting_{case.chance.randrange(50, 80)}.records"
    case.files[place] = case.files[place_of(case.some("sitting/"))]
    return at(place, 0, Damage.INSERTED)


def change_seal(case: Case) -> Expected:
    """A head, a count, a state on the roster, the time, the signature, the key."""
    sealed = SealFile.from_bytes(case.files[SEAL])
    part = case.chance.randrange(3)
    if part == 0:
        place = case.chance.randrange(len(sealed.frame))
        sealed = replace(sealed, frame=flipped(sealed.frame, place, case.chance))
    elif part == 1:
        sealed = replace(sealed, signature=flipped(sealed.signature, 0, case.chance))
    else:
        sealed = replace(sealed, server_public=case.own.public)
    case.files[SEAL] = sealed.to_bytes()
    return at(SEAL, 0, Damage.SEAL)


def swap_recordings(case: Case) -> Expected:
    """Two pieces of recording change places, and sometimes their list says so too."""
    blobs = sorted(path for path in case.files if path.startswith("3-process/blobs/"))
    one, two = sorted(case.chance.sample(blobs, 2))
    case.files[one], case.files[two] = case.files[two], case.files[one]
    if case.chance.random() < 0.5:
        return at(one, 0, Damage.BLOB_CHANGED)
    listed = json_changed(case.files[BLOB_LIST], lambda value: _exchange(value, one, two))
    case.files[BLOB_LIST] = listed
    return replace(at(BLOB_LIST, 0, Damage.FILE), listed_only=True)


def _exchange(value: dict[str, list[dict[str, str]]], one: str, two: str) -> None:
    first, second = (next(b for b in value["blobs"] if b["path"] == p) for p in (one, two))
    first["sha256"], second["sha256"] = second["sha256"], first["sha256"]


def drop_recording(case: Case) -> Expected:
    blobs = sorted(path for path in case.files if path.startswith("3-process/blobs/"))
    gone = case.chance.choice(blobs)
    del case.files[gone]
    return at(gone, 0, Damage.BLOB_MISSING)


def change_file(case: Case) -> Expected:
    """A file that is no stream: a result, the list of recordings, the README."""
    path = case.chance.choice(["README.md", "4-papers-and-results/marks.json.sealed", BLOB_LIST])
    data = case.files[path]
    case.files[path] = flipped(data, case.chance.randrange(len(data)), case.chance)
    return replace(at(path, 0, Damage.FILE), listed_only=True)


def add_file(case: Case) -> Expected:
    place = f"4-papers-and-results/more_{case.chance.randrange(99)}.json"
    case.files[place] = case.chance.randbytes(50)
    return replace(at(place, 0, Damage.FILE), listed_only=True)


ATTACKS = tuple(
    Attack(act.__name__, FILES, act)
    for act in (
        edit_byte, change_server_time, change_key_version, drop, truncate, insert_copy, insert_new,
        reorder, swap_records, swap_streams, relabel_stream, drop_sitting, drop_stream, add_stream,
        change_seal, swap_recordings, drop_recording, change_file, add_file,
    )
)  # fmt: skip
