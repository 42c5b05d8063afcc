"""Both suites beside each other in one run: records sealed and opened, frames signed and checked.

Rules kept here: one thread, the same records for both; bare work without database or queue, so the
figures say what a suite costs and nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from kernel.crypto import chance
from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.signing import server_signature_holds
from kernel.crypto.suite import SUITES, Suite
from ledger.client import ack_frame
from ledger.record import ZERO_HASH, Place, open_record, seal_record

_ORIGIN, _STREAM = "bench.invalid/ledger", "sitting/sitting_1"
_CONTENT = {"client_seq": 1, "client_ms": 1, "item_id": "item_1", "response": {"choice": ["B"]}}
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class SuiteRate:
    """How often one act was done in a second, in each suite."""

    what: str
    by_suite: dict[str, float]


def bench_suites(seconds: float) -> list[SuiteRate]:
    """Each act in each suite for so many seconds.

    Raises ``crypto.gm_missing``.
    """
    with TemporaryDirectory(prefix="gongyuan-bench-") as folder:
        acts = {name: _acts(Path(folder), name, suite) for name, suite in SUITES.items()}
    whats = list(next(iter(acts.values())))
    return [
        SuiteRate(what, {name: _rate(acts[name][what], seconds) for name in SUITES})
        for what in whats
    ]


def _acts(folder: Path, name: str, suite: Suite) -> dict[str, Callable[[], object]]:
    key = chance.token_bytes(32)
    signer = FileKeyRing(folder / f"{name}.json", name).signer("ledger")
    frame = ack_frame(_ORIGIN, _STREAM, 1, 1, ZERO_HASH, 1)
    signature = signer.sign(frame)

    def seal() -> tuple[bytes, bytes]:
        sealed = seal_record(
            suite, key, Place(_ORIGIN, _STREAM, 1, ZERO_HASH, 1), salt=chance.token_bytes(32),
            server_ms=1, epoch=1, kind="answer_set", content=_CONTENT,
        )  # fmt: skip
        return sealed.header, sealed.ciphertext

    header, ciphertext = seal()
    return {
        "records sealed": seal,
        "records opened": lambda: open_record(suite, key, header, ciphertext),
        "acknowledgements signed": lambda: signer.sign(frame),
        "signatures checked": lambda: server_signature_holds(signer.public, frame, signature),
    }


def _rate(act: Callable[[], object], seconds: float) -> float:
    done, begun = 0, perf_counter()
    while (took := perf_counter() - begun) < seconds:
        for _ in range(_AT_ONCE):
            act()
        done += _AT_ONCE
    return done / took
