"""Lots that anyone can recompute: a permutation is a function of its seed and its domain.

Rules kept here: pure arithmetic; SHA-256 in counter mode gives the stream, rejection sampling keeps
every order equally likely, Fisher–Yates gives the order (docs/formats/draw.md).
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

from kernel.codec import encode

_T = TypeVar("_T")


def _words(seed: bytes, domain: str) -> Iterator[int]:
    counter = 0
    while True:
        block = hashlib.sha256(encode("lot", 1, [domain, seed, counter])).digest()
        for at in range(0, 32, 8):
            yield int.from_bytes(block[at : at + 8], "big")
        counter += 1


def permutation(seed: bytes, domain: str, size: int) -> list[int]:
    """Positions 0..size-1 in the drawn order."""
    order = list(range(size))
    words = _words(seed, domain)
    for last in range(size - 1, 0, -1):
        choices = last + 1
        limit = (1 << 64) - (1 << 64) % choices
        word = next(words)
        while word >= limit:
            word = next(words)
        pick = word % choices
        order[last], order[pick] = order[pick], order[last]
    return order


def shuffled(seed: bytes, domain: str, values: Sequence[_T]) -> list[_T]:
    """The values in the drawn order."""
    return [values[position] for position in permutation(seed, domain, len(values))]
