"""The released bundle: the only thing that ever goes from the bank to the public practice program.

Rules kept here: it holds released items alone, keys and explanations included; it is canonical JSON
under the bank's signature, and it goes one way (docs/formats/package.md).
"""

import msgspec

from kernel.codec import canonical_json, encode
from kernel.errors import Refusal
from paper.items import FormItem
from paper.scoring import Key

FORMAT = "gongyuan-released-1"


class OutlinePoint(msgspec.Struct, frozen=True):
    """A point of the outline (评价大纲). ``weight_band`` is 高, 中 or 低, from the blueprint
    alone.
    """

    code: str
    name: str
    scope_code: str
    scope_name: str
    weight_band: str


class ReleasedPaper(msgspec.Struct, frozen=True):
    """One practice paper: items in order, and item id → key with explanation."""

    paper_id: str
    title: str
    occupation_code: str
    occupation_name: str
    level: int
    duration_s: int
    pass_score: str
    items: tuple[FormItem, ...]
    keys: dict[str, Key]
    outline: tuple[OutlinePoint, ...]


class Bundle(msgspec.Struct, frozen=True):
    """The signed content. ``signer_public`` is hex Ed25519."""

    format: str
    released_at_ms: int
    papers: tuple[ReleasedPaper, ...]
    signer_public: str


class SignedBundle(msgspec.Struct, frozen=True):
    """The file: the bundle's canonical JSON as text, and the signature over ``signed_bytes`` in
    hex.
    """

    bundle: str
    signature: str


def bundle_bytes(bundle: Bundle) -> bytes:
    """Canonical JSON of the bundle."""
    return canonical_json(msgspec.to_builtins(bundle))


def signed_bytes(stored_bundle: bytes) -> bytes:
    """The frame under the bank's signature."""
    return encode("released-bundle", 1, [stored_bundle])


def read_bundle(data: bytes) -> tuple[Bundle, bytes, bytes]:
    """Bundle, the bytes that were signed, and the signature; checking it is the caller's part.

    Raises ``bundle.unreadable`` or ``bundle.incomplete`` (an item without a key or the reverse).
    """
    try:
        signed = msgspec.json.decode(data, type=SignedBundle)
        stored = signed.bundle.encode()
        bundle = msgspec.json.decode(stored, type=Bundle)
        signature = bytes.fromhex(signed.signature)
    except (msgspec.DecodeError, ValueError) as wrong:
        raise Refusal("bundle.unreadable", detail=str(wrong)[:120]) from wrong
    if bundle.format != FORMAT or bundle_bytes(bundle) != stored:
        raise Refusal("bundle.unreadable", detail=bundle.format[:40])
    for paper in bundle.papers:
        if {item.item_id for item in paper.items} != set(paper.keys):
            raise Refusal("bundle.incomplete", paper=paper.title[:60])
    return bundle, signed_bytes(stored), signature
