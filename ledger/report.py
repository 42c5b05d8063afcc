"""What a verification came to, for people and for programs."""

import json
from dataclasses import dataclass, field

import msgspec

from kernel.clock import as_text
from kernel.words import LANGUAGES, say
from ledger.chain import Damage, Finding
from ledger.erasure.proof import Erased

_OF_STREAMS = 2
_RANKS = {
    Damage.CONTAINER: 0,
    Damage.SEAL: 1,
    Damage.TREE: 3,
    Damage.FORKED: 3,
    Damage.ROLLED_BACK: 3,
    Damage.WITNESSES: 3,
    Damage.FILE: 4,
    Damage.BLOB_MISSING: 5,
    Damage.BLOB_CHANGED: 5,
}
_SHOWN = 20


@dataclass(slots=True)
class Report:
    """Counts and findings. ``server_public`` (hex) is the key the archive names for itself:
    compare it with the one the server's operator publishes; ``trusted`` says that the reader gave
    that one and it is the same. ``staff_acts`` carry no signature of the person who acted.
    ``erased`` are the orders to destroy keys that the log holds; ``orders_closed`` counts sessions
    without keys whose order could not be read, for want of the ring.
    """

    path: str
    origin: str = ""
    session_id: str = ""
    server_public: str = ""
    sealed_at_ms: int = 0
    files: int = 0
    streams: int = 0
    records: int = 0
    roster: int = 0
    never_opened: int = 0
    blobs: int = 0
    opened: int = 0
    unopened: int = 0
    bodies: int = 0
    device_events: int = 0
    signatures: int = 0
    conflicts: int = 0
    staff_acts: int = 0
    tree_size: int = 0
    custody: str = ""
    cosignatures: int = 0
    witnessed: int = 0
    quorum: int = 0
    devices: int = 0
    seals: int = 0
    live: bool = False
    trusted: bool = False
    orders_closed: int = 0
    erased: list[Erased] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """True when nothing is broken."""
        return not self.found

    @property
    def findings(self) -> list[Finding]:
        """Container and seal first, then streams by name, the tree, other files, and what the list
        of recordings says of them, for the list may be one of the files.
        """
        return sorted(self.found, key=_rank)

    @property
    def first(self) -> Finding | None:
        """The first broken place."""
        return next(iter(self.findings), None)

    def to_json(self) -> str:
        """One line."""
        names = [name for name in self.__slots__ if name != "found"]
        value = {name: getattr(self, name) for name in names}
        value["erased"] = [msgspec.to_builtins(one) for one in self.erased]
        value |= {"kind": "report", "good": self.good, "trusted": self.trusted}
        value["findings"] = [
            {"damage": str(f.damage), "place": f.place, "record": f.seq, "detail": f.detail}
            for f in self.findings
        ]
        return json.dumps(value, sort_keys=True, separators=(",", ":"))

    def words(self) -> str:
        """Both languages: the verdict, what was checked and what was not, every broken place."""
        return "\n\n".join("\n".join(self._lines(language)) for language in LANGUAGES)

    def _lines(self, language: str) -> list[str]:
        counts = {name: getattr(self, name) for name in self.__slots__ if name != "found"}
        counts |= {name: shown(one) for name, one in counts.items() if isinstance(one, str)}
        counts["sealed_at"] = as_text(self.sealed_at_ms)
        verdict = "verify.live_" if self.live else "verify."
        lines = [say(f"{verdict}{'good' if self.good else 'bad'}", counts, language)]
        lines += [say_finding(one, language) for one in self.findings[:_SHOWN]]
        if len(self.found) > _SHOWN:
            lines.append(say("verify.more", {"count": len(self.found) - _SHOWN}, language))
        if self.live:
            lines += [say(code, counts, language) for code in self._said_live()]
        elif self.session_id:
            lines.append(say("verify.counts", counts, language))
            lines += [say(code, counts, language) for code in self._said()]
        return lines + [shown(say_erased(one, language, self.opened)) for one in self.erased]

    def _said(self) -> list[str]:
        """Codes of what was checked, of what was not and why, and of what the reader must do."""
        gone = any(one.erased_at_ms is not None for one in self.erased)
        said = ["verify.opened", "verify.staff"] if self.opened else []
        if not self.opened and not gone:
            said.append("verify.closed")
        if self.unopened and not gone:
            said.append("verify.unopened")
        said.append("verify.tree_size" if self.tree_size else "verify.no_tree")
        if self.quorum:
            said.append("verify.witnessed")
        elif self.tree_size:
            said.append("verify.no_witness")
        said.append("verify.custody" if self.custody else "verify.no_custody")
        said.append("verify.trusted" if self.trusted else "verify.signer")
        return said

    def _said_live(self) -> list[str]:
        signer = "verify.trusted" if self.trusted else "verify.signer"
        said = [
            "verify.live_counts",
            "verify.live_closed",
            "verify.live_tree" if self.tree_size else "verify.live_no_tree",
            signer if self.server_public else "verify.live_no_key",
        ]
        said += ["verify.custody"] if self.custody else []
        return said + (["verify.orders_closed"] if self.orders_closed else [])


def say_erased(one: Erased, language: str, opened: int = 0) -> str:
    """Whose order it was, where it stands, and what is left to read; ``opened`` streams were."""
    nowhere = say("verify.erased_uncovered", {}, language)
    params = {
        "session_id": one.session_id,
        "erasure_id": one.erasure_id,
        "reason": one.reason,
        "ordered_by": one.ordered_by,
        "agreed": ", ".join(one.agreed),
        "seq": one.seq,
        "position": nowhere if one.position is None else one.position,
        "ordered_at": as_text(one.ordered_at_ms),
        "erased_at": as_text(one.erased_at_ms or 0),
        "keys": one.keys,
        "opened": opened,
    }
    if one.erased_at_ms is None:
        return say("verify.erase_ordered", params, language)
    return say("verify.erased_copy" if opened else "verify.erased", params, language)


def shown(text: str) -> str:
    """Text of a stranger for a terminal: what cannot be seen, or would move what can, is escaped,
    so no name draws a line of the verdict.
    """
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def say_finding(one: Finding, language: str) -> str:
    """``sitting/x #12: …``: place first, then what is wrong."""
    place = f"{one.place} #{one.seq}" if one.seq else one.place
    params = {"place": shown(place), "detail": shown(one.detail)}
    return "✗ " + say(f"verify.{one.damage}", params, language)


def _rank(one: Finding) -> tuple[int, str, int]:
    return _RANKS.get(one.damage, _OF_STREAMS), one.place, one.seq
