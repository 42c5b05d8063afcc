"""The entries of the tree: one per record, one per session seal. Pure.

Rules kept here: an entry names stream, number and record hash and nothing else, so the tree tells
no more than the headers do.
"""

from kernel.codec import decode, encode

SEAL_STREAM = "seal/"
LINK_STREAM = "link/"
"""The first leaf of a log that follows another: its origin, size and the hash of its checkpoint."""


def tree_entry(stream_id: str, seq: int, record_hash: bytes) -> bytes:
    """The bytes whose leaf hash stands in the tree."""
    return encode("tree-leaf", 1, [stream_id, seq, record_hash])


def read_entry(data: bytes) -> tuple[str, int, bytes]:
    """Stream, number and record hash. Raises ValueError."""
    match decode("tree-leaf", 1, data):
        case [str() as stream_id, int() as seq, bytes() as record_hash]:
            return stream_id, seq, record_hash
        case _:
            raise ValueError("not an entry of the tree")


def seal_entry(session_id: str, seal_hash: bytes) -> bytes:
    """The entry of a session's seal; ``seal_hash`` is the suite's hash over the seal frame."""
    return tree_entry(f"{SEAL_STREAM}{session_id}", 1, seal_hash)
