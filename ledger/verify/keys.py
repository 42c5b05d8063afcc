"""The keys of a data directory: whether each record still has one, and whose order it was if not.

Rules kept here: keys that are gone are explained by the order in the log and by nothing else; what
an order destroyed must not be there again; a key lies under the key of its streams' session; a
stream whose chain is broken explains nothing.
"""

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import select

from kernel.crypto.keyring import FileKeyRing
from kernel.crypto.suite import suite_named
from kernel.db import ReadSession
from kernel.errors import Refusal
from ledger.chain import Damage, Finding
from ledger.erasure.proof import DONE, ORDER, Erased, NoOrder, OrderFault, Told, order_of
from ledger.erasure.stream import destruction_stream
from ledger.keys import FIRST_VERSION, Keys, scope_of, session_scope
from ledger.reading import read_stream
from ledger.report import Report
from ledger.stored import StoredHead
from ledger.tables import KeyRow, SealRow
from ledger.tree.tables import LeafRow


async def check_keys(
    session: ReadSession,
    report: Report,
    heads: Mapping[str, StoredHead],
    versions: Mapping[str, range],
    ring: FileKeyRing | None,
) -> None:
    """``versions``: those that each stream's records name. Adds to the report."""
    parents = await _stored(session)
    there = set(parents)
    for session_id, need in sorted(_needed(heads, versions).items()):
        missing = need - there
        _owned(report, session_id, {one[0]: parents[one] for one in sorted(need & there)})
        name = destruction_stream(session_id)
        if name not in heads:
            if missing:
                _add(report, Damage.KEYS_MISSING, session_id, f"{len(missing)} / {len(need)}")
            continue
        if ring is None:
            if missing:
                report.orders_closed += 1
            continue
        try:
            order = await _order(session, Keys(ring), heads[name], session_id)
        except (Refusal, ValueError) as wrong:
            fault = wrong.fault if isinstance(wrong, NoOrder) else OrderFault.UNREADABLE
            _add(report, Damage.ORDER, session_id, fault)
            continue
        if order is not None:
            report.erased.append(order)
        gone = order is not None and order.erased_at_ms is not None
        if missing and not gone:
            _add(report, Damage.KEYS_MISSING, session_id, f"{len(missing)} / {len(need)}")
        if gone and need & there:
            _add(report, Damage.KEYS_BACK, session_id, f"{len(need & there)}")


def _needed(
    heads: Mapping[str, StoredHead], versions: Mapping[str, range]
) -> dict[str, set[tuple[str, int]]]:
    """By session: scope and version of its own key and of every key that its records name."""
    keys: dict[str, set[tuple[str, int]]] = defaultdict(set)
    for stream_id, head in heads.items():
        mine = keys[head.session_id]
        mine.add((session_scope(head.session_id), FIRST_VERSION))
        mine |= {(scope_of(stream_id), one) for one in versions.get(stream_id, ())}
    return keys


def _owned(report: Report, session_id: str, parents: Mapping[str, str]) -> None:
    """``parents`` by scope: what wraps a session's data keys is its own key."""
    for scope, parent in parents.items():
        if parent not in {"", session_scope(session_id)}:
            _add(report, Damage.RELABELLED, session_id, f"{scope}, {parent}")


async def _stored(session: ReadSession) -> Mapping[tuple[str, int], str]:
    """Scope and version → the scope of the key above."""
    found = await session.execute(select(KeyRow.scope, KeyRow.version, KeyRow.parent))
    return {(scope, version): parent for scope, version, parent in found}


async def _order(
    session: ReadSession, keys: Keys, head: StoredHead, session_id: str
) -> Erased | None:
    """The newest order that had its approvals. Raises Refusal, ValueError."""
    records = [
        Told(one.seq, one.server_ms, one.kind, one.body)
        for one in await read_stream(session, keys, head.stream_id)
    ]
    orders = [one for one in records if one.kind == ORDER]
    seal = await session.get(SealRow, session_id)
    if not orders or seal is None:
        return None
    order = orders[-1]
    done = next((one for one in records if one.kind == DONE and one.seq > order.seq), None)
    position = await session.scalar(
        select(LeafRow.index).where(LeafRow.stream == head.number, LeafRow.seq == order.seq)
    )
    seal_hash = suite_named(head.suite).hash(seal.frame)
    return order_of(order, done, session_id, seal_hash, position)


def _add(report: Report, damage: Damage, session_id: str, detail: str) -> None:
    report.found.append(Finding(damage, f"session {session_id}", detail=detail))
