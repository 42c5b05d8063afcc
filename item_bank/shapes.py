"""The shapes that the bank's API takes and gives."""

from typing import Annotated

from pydantic import BaseModel, Field

from kernel.web import ErrorRow
from paper.items import ItemType, Tier

Decimal2 = Annotated[str, Field(pattern=r"^\d{1,4}(\.\d{1,2})?$")]
Share = Annotated[str, Field(pattern=r"^(0(\.\d{1,4})?|1(\.0{1,4})?)$")]


class BlueprintTaken(BaseModel):
    """A blueprint that was written; warnings are advice."""

    blueprint_id: str
    points: int
    warnings: list[ErrorRow]


class BlueprintLine(BaseModel):
    """A blueprint in the list; ``items`` counts live items."""

    blueprint_id: str
    occupation_code: str
    occupation_name: str
    level: int
    points: int
    items: int


class PointBody(BaseModel):
    """A point; ``supply`` is item type → live items."""

    code: str
    name: str
    importance: str
    supply: dict[str, int]


class ScopeBody(BaseModel):
    """A scope with the points right under it; ``weight`` is empty below level 2."""

    code: str
    parent: str
    level: int
    name: str
    weight: str
    points: list[PointBody]


class BlueprintBody(BaseModel):
    """The tree, scopes in the order of the table."""

    blueprint_id: str
    occupation_code: str
    occupation_name: str
    level: int
    scopes: list[ScopeBody]


class ItemImportBody(BaseModel):
    """What an import did, or would do."""

    accepted: int
    rejected: int
    written: bool
    rows: list[ErrorRow]


class ItemBody(BaseModel):
    """An item without its key."""

    item_id: str
    version_id: str
    type: ItemType
    tier: Tier
    state: str
    point_code: str
    difficulty: int
    stem: str
    options: list[str]
    score: str


class ItemsBody(BaseModel):
    """A page of items."""

    items: list[ItemBody]
    total: int
    page: int
    page_size: int


class ItemWithKey(ItemBody):
    """An item with its key in the author's letters (or true/false)."""

    key: list[str]
    model_answer: str
    explanation: str


class SectionBody(BaseModel):
    """So many items of a type at so many marks each."""

    type: ItemType
    count: int = Field(ge=1, le=500)
    each: Decimal2


class TierShareBody(BaseModel):
    """Bounds of a tier's share of each form, 0 to 1."""

    tier: Tier
    least: Share = "0"
    most: Share = "1"


class TierPolicyBody(BaseModel):
    """Preference and bounds."""

    order: list[Tier] = []
    shares: list[TierShareBody] = []


class AssemblyAsk(BaseModel):
    """See ``item_bank.assembly.Plan`` for what the limits mean."""

    blueprint_id: str
    title: str = Field(min_length=1, max_length=100)
    sections: list[SectionBody] = Field(min_length=1, max_length=4)
    form_count: int = Field(2, ge=1, le=8)
    seed: int = Field(ge=0, lt=1 << 53)
    tier_policy: TierPolicyBody = TierPolicyBody()
    overlap_limit: int = Field(0, ge=0, le=500)
    difficulty_gap: Decimal2 = "0.3"
    tolerance: Decimal2 | None = None
    recent_packages: int = Field(0, ge=0, le=100)


class FormFigures(BaseModel):
    """One form in figures."""

    form_code: str
    items: int
    full_score: str
    by_scope: dict[str, str]
    by_tier: dict[str, int]
    mean_difficulty: str


class AssemblyBody(BaseModel):
    """An assembly; ``shared`` is the most items two forms have in common."""

    assembly_id: str
    title: str
    forms: list[FormFigures]
    shared: int | None
    shortages: list[ErrorRow] = []


class SealAsk(BaseModel):
    """Who holds the shares, and how many must come together."""

    holder_ids: list[str] = Field(min_length=2, max_length=20)
    shares_needed: int = Field(2, ge=2, le=20)


class SealedPackageBody(BaseModel):
    """A sealed package."""

    package_id: str
    assembly_id: str
    occupation_code: str
    occupation_name: str
    level: int
    title: str
    forms: list[str]
    sha256: str
    size_bytes: int
    sealed_at_ms: int


class ReleaseAsk(BaseModel):
    """The first person gives a reason; the second gives the same reason and the approval."""

    reason_text: str = Field(min_length=1, max_length=500)
    approval_id: str | None = None


class ItemReleaseBody(BaseModel):
    """``waiting`` for a second person, or ``released``."""

    state: str
    approval_id: str
