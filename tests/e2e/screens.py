"""Every screen that the client's programs know, read from their own routers.

Rules kept here: nothing is listed by hand, so a new screen is one that nobody has looked at yet.
"""

import json
import re
from typing import Any

from setup.places import CLIENT


def _found(file: str, pattern: str) -> list[Any]:
    names = re.findall(pattern, (CLIENT / file).read_text(encoding="utf-8"))
    assert names, f"{file} is written in another way now: {pattern}"
    return names


def of_console() -> dict[str, str]:
    """Each of the console's screens with the form of its address."""
    written = _found("console/screens.ts", r"name: '(\w+)',\s+pattern: '([^']+)'")
    return dict(written)


def of_player() -> set[str]:
    """The candidate's screens, and what may cover the questions (``lock …``)."""
    [union] = _found("player/visit.ts", r"export type Screen =\n((?:  \| '\w+'\n)+)")
    words = json.loads((CLIENT / "player/locale/zh.json").read_text(encoding="utf-8"))
    locks = {f"lock {name}" for name, said in words["lock"].items() if isinstance(said, dict)}
    return set(re.findall(r"'(\w+)'", union)) | locks


def of_portal() -> set[str]:
    """The pages by address, and the sign-in before one of them."""
    [union] = _found("portal/route.ts", r"export type Page = (.+)")
    return {"sign-in", *re.findall(r"'(\w+)'", union)}


def of_practice() -> set[str]:
    """The public pages, and the result that an attempt ends in."""
    return {"result", *_found("practice/route.ts", r"\{ page: '(\w+)'[;} ]")}
