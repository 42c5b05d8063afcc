"""What a candidate saw: positions and letters of one sitting, out of form and order seed.

Rules kept here: the candidate learns position and letter, never an item's id, stem or option text;
letters are those of the screen; a judgement, which has none there, is told as 正确 or 错误; a text
answer is told by its length alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paper.items import JUDGE_TRUE, ItemType
from server.sittings.rules.dealing import LETTERS, DealtItem


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer as the screen showed it: ``letters`` of the chosen options in display order, or
    the length of a text.
    """

    position: int
    letters: str
    text_length: int | None


def shown(dealt: DealtItem, response: Mapping[str, Any]) -> Shown:
    """A response by letters."""
    if "text" in response:
        return Shown(dealt.number, "", len(str(response["text"])))
    chosen = set(response.get("options", ()))
    if dealt.item.type is ItemType.JUDGE:
        words = ("正确" if one == JUDGE_TRUE else "错误" for one in sorted(chosen))
        return Shown(dealt.number, "".join(words), None)
    letters = "".join(
        letter
        for letter, option in zip(LETTERS, dealt.options, strict=False)
        if option.id in chosen
    )
    return Shown(dealt.number, letters, None)
