"""Assembly of parallel forms from a blueprint: pure rules and a deterministic solver.

Rules kept here: the same supply, plan and seed give the same forms; nothing is ever widened in
silence: what cannot be met is reported as the exact cells and counts that are short, and as the
least change of each single rule that would make it possible.
"""

from item_bank.assembly.explaining import explain
from item_bank.assembly.plan import (
    Drawn,
    Loosening,
    Plan,
    Rule,
    Section,
    Short,
    Shortage,
    Supply,
    TierPolicy,
    TierShare,
    check_plan,
)
from item_bank.assembly.solving import draw


def assemble(plan: Plan, supply: tuple[Supply, ...]) -> Drawn | Short:
    """The forms, or what is short. Blocks for as long as the solver works; no I/O.

    Raises ``assembly.plan_bad`` for a plan that says nothing that could be met.
    """
    check_plan(plan)
    return draw(plan, supply) or explain(plan, supply)


__all__ = [
    "Drawn",
    "Loosening",
    "Plan",
    "Rule",
    "Section",
    "Short",
    "Shortage",
    "Supply",
    "TierPolicy",
    "TierShare",
    "assemble",
]
