"""Where a stream first differs from what the tree holds of it. Pure.

Rules kept here: a chain alone cannot tell a rewritten record from all that was chained on behind
it; the tree names every record's hash, so it tells. The earlier place is the right one.
"""

from collections.abc import Sequence

from ledger.chain import Damage, Finding


def placed(
    stream_id: str, found: Finding | None, held: Sequence[bytes], leaves: Sequence[bytes]
) -> Finding | None:
    """The first broken place of a stream, or None.

    ``found`` is what chain and seal say; ``held`` are the hashes of its records in their order,
    as far as they can be read; ``leaves`` those that the tree holds for it.
    """
    both = min(len(held), len(leaves))
    first = next((at for at in range(both) if held[at] != leaves[at]), both)
    if first == len(held) == len(leaves) or (found is not None and found.seq <= first + 1):
        return found
    if first == len(leaves) or (len(held) > len(leaves) and found is not None):
        damage = Damage.INSERTED
    elif len(held) < len(leaves):
        damage = Damage.TRUNCATED if first == len(held) else Damage.DROPPED
    else:
        damage = Damage.EDITED
    return Finding(damage, stream_id, first + 1, "tree")
