"""The second verifier's tree, written from docs/formats/ledger.md §8 alone."""

import base64
from hashlib import sha256
from typing import Any

from tests.vectors.stranger_frames import WrongError, fields_of, frame, server_signed

Problems = list[str]


def tree_problems(held: dict[str, bytes], folder: str, seal: list[Any], public: bytes,
                  witnesses: list[str], quorum: int) -> Problems:  # fmt: skip
    """The tree's part: signatures, root, and every record of the seal among its leaves."""
    place = folder + "tree/checkpoint"
    if place not in held or folder + "tree/leaves.bin" not in held:
        return [f"{place}: missing"] if quorum or place in held else []
    note = held[place].decode(errors="replace")
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    cosigned = sum(_signed(text, lines, key) for key in witnesses)
    key = b"\x01" + public
    own = f"{seal[0]}+{_key_id(seal[0], key)}+{base64.b64encode(key).decode()}"
    if not _signed(text, lines, own):
        return [f"{place}: signature"]
    problems = [f"{place}: {cosigned} witnesses"] if cosigned < quorum else []
    try:
        streams = _streams_in_tree(text, seal[0], held[folder + "tree/leaves.bin"])
    except (WrongError, ValueError, IndexError) as wrong:
        return [*problems, f"{place}: {wrong}"]
    for name, count, head in seal[4]:
        hashes = streams.get(name, [])
        if (len(hashes), hashes[-1:]) != (count, [head]):
            problems.append(f"{name} #{min(len(hashes), count)}: not as in the tree")
    return problems


def _streams_in_tree(text: str, log: str, data: bytes) -> dict[str, list[bytes]]:
    """Record hashes by stream, once they come to the root of the checkpoint."""
    origin, size, root = text.split("\n")[:3]
    part = fields_of("tree-part", 1, data)
    leaves, streams = _leaves(part)
    if [origin, int(size), part[0]] != [log, part[1], log]:
        raise WrongError("another origin or size")
    siblings = [part[3][at : at + 32] for at in range(0, len(part[3]), 32)]
    found = _root(leaves, 0, part[1], siblings)
    if siblings or base64.b64encode(found).decode() != root:
        raise WrongError("another root")
    return streams


def _key_id(name: str, key: bytes) -> str:
    return sha256(name.encode() + b"\n" + key).hexdigest()[:8]


def _signed(text: str, lines: str, verifier_key: str) -> bool:
    """Whether a note carries a good signature of this key (C2SP signed-note, cosignature/v1)."""
    name, key_id, body = verifier_key.split("+", 2)
    key = base64.b64decode(body)
    for line in lines.strip().split("\n"):
        _, who, value = line.split(" ")
        raw = base64.b64decode(value)
        if who == name and raw[:4].hex() == key_id == _key_id(name, key):
            message, signature = text, raw[4:]
            if key[0] == 4:
                at_s, signature = int.from_bytes(signature[:8], "big"), signature[8:]
                message = f"cosignature/v1\ntime {at_s}\n{text}"
            return server_signed(key[1:], message.encode(), signature)
    return False


def _leaves(part: list[Any]) -> tuple[dict[int, bytes], dict[str, list[bytes]]]:
    """Leaf hashes by index; record hashes by stream."""
    leaves, streams = {}, {}
    for name, indices, hashes in part[2]:
        streams[name] = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
        for seq, record in enumerate(streams[name], 1):
            index = int.from_bytes(indices[8 * (seq - 1) : 8 * seq], "big")
            leaves[index] = sha256(b"\0" + frame("tree-leaf", 1, [name, seq, record])).digest()
    return leaves, streams


def _root(leaves: dict[int, bytes], begin: int, end: int, siblings: list[bytes]) -> bytes:
    """RFC 6962: known leaves, and for each range without any the next sibling."""
    if not any(begin <= index < end for index in leaves):
        return siblings.pop(0)
    if end - begin == 1:
        return leaves[begin]
    middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
    left = _root(leaves, begin, middle, siblings)
    return sha256(b"\x01" + left + _root(leaves, middle, end, siblings)).digest()
