"""Likeness of stems: which new items say the same as one that is there.

Rules kept here: stems are compared without case, width, blanks and punctuation, as multisets of
neighbouring character pairs (Dice); a filter by the rarest pairs finds every pair at or above the
threshold without comparing all with all. Choice items with a common stem ("下列说法正确的是") are
alike only when their options are alike too.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

THRESHOLD = Fraction(9, 10)

Gram = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Text:
    """An item's words under the name it is reported by."""

    name: str
    stem: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alike:
    """A new text and the first one it is like. ``similarity`` is 0 to 1 of the stems."""

    name: str
    like: str
    similarity: Fraction


def normalised(text: str) -> str:
    """Letters and digits alone, half width, lower case."""
    narrow = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in narrow if char.isalnum() or char in "+-*/=<>%√×")


def grams(text: str) -> frozenset[Gram]:
    """Pairs of neighbours, each with its count, so that repeats weigh."""
    plain = f"^{normalised(text)}$"
    seen: Counter[str] = Counter()
    found = []
    for at in range(len(plain) - 1):
        pair = plain[at : at + 2]
        seen[pair] += 1
        found.append((pair, seen[pair]))
    return frozenset(found)


def similarity(left: frozenset[Gram], right: frozenset[Gram]) -> Fraction:
    """Dice: twice the common pairs over all pairs."""
    return Fraction(2 * len(left & right), len(left) + len(right))


def find_alike(
    new: Sequence[Text], known: Sequence[Text], threshold: Fraction = THRESHOLD
) -> list[Alike]:
    """For each new text, the first known or earlier new text that it is like."""
    texts = [*known, *new]
    sets = [grams(text.stem) for text in texts]
    common: Counter[Hashable] = Counter(gram for one in sets for gram in one)
    least = threshold / (2 - threshold)
    shelves: dict[Gram, list[int]] = defaultdict(list)
    found: list[Alike] = []
    for at, one in enumerate(sets):
        rarest = sorted(one, key=lambda gram: (common[gram], gram))
        prefix = rarest[: len(one) - ceil(least * len(one)) + 1]
        if at >= len(known):
            match = _first(at, prefix, sets, texts, shelves, threshold)
            if match is not None:
                like, degree = match
                found.append(Alike(texts[at].name, texts[like].name, degree))
        for gram in prefix:
            shelves[gram].append(at)
    return found


def _first(
    at: int,
    prefix: Sequence[Gram],
    sets: Sequence[frozenset[Gram]],
    texts: Sequence[Text],
    shelves: dict[Gram, list[int]],
    threshold: Fraction,
) -> tuple[int, Fraction] | None:
    for other in sorted(_candidates(prefix, shelves)):
        degree = similarity(sets[at], sets[other])
        if degree >= threshold and _options_alike(texts[at], texts[other], threshold):
            return other, degree
    return None


def _candidates(prefix: Sequence[Gram], shelves: dict[Gram, list[int]]) -> set[int]:
    return {other for gram in prefix for other in shelves.get(gram, ())}


def _options_alike(left: Text, right: Text, threshold: Fraction) -> bool:
    if not left.options or not right.options:
        return True
    return similarity(_together(left), _together(right)) >= threshold


def _together(text: Text) -> frozenset[Gram]:
    return grams("|".join(sorted(normalised(option) for option in text.options)))
