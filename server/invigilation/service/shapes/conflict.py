"""Two contents under one client number, side by side."""

from typing_extensions import TypedDict


class ContentShown(TypedDict):
    """One of them; ``words`` are displayed letters or the text, empty for none."""

    kind: str
    words: str
    client_ms: int
    server_ms: int


class ConflictShown(TypedDict):
    """``kept`` came first and counts; ``given`` came second. Numbers are positions, 0 for none."""

    epoch: int
    client_seq: int
    kept_number: int
    kept: ContentShown | None
    number: int
    given: ContentShown
