"""Responses: what a candidate answered, always the whole state of one item.

Rules kept here: a response names canonical option ids in sorted order, or holds text; blank is
None.
"""

from collections.abc import Iterable, Mapping

import msgspec

from kernel.errors import Refusal
from paper.items import FormItem, ItemType

TEXT_LIMIT = 20_000


class Response(msgspec.Struct, frozen=True, omit_defaults=True):
    """``{"options": [...]}`` or ``{"text": "..."}``."""

    options: tuple[str, ...] = ()
    text: str = ""


def parse_response(item: FormItem, raw: object) -> Response | None:
    """The response in its one form; None when blank.

    Raises ``response.shape``, ``response.option_unknown``, ``response.too_many``,
    ``response.too_long``.
    """
    if raw is None:
        return None
    try:
        response = msgspec.convert(raw, Response)
    except msgspec.ValidationError as wrong:
        raise Refusal("response.shape", item=item.item_id, detail=str(wrong)) from wrong
    if item.type is ItemType.SHORT:
        return _text(item, response)
    if response.text:
        raise Refusal("response.shape", item=item.item_id, detail="text")
    known = {option.id for option in item.options}
    chosen = tuple(sorted(set(response.options)))
    unknown = [option for option in chosen if option not in known]
    if unknown:
        raise Refusal("response.option_unknown", item=item.item_id, option=unknown[0][:64])
    if item.type is not ItemType.MULTIPLE and len(chosen) > 1:
        raise Refusal("response.too_many", item=item.item_id)
    return Response(options=chosen) if chosen else None


def parse_responses(
    items: Iterable[FormItem], answers: Mapping[str, object]
) -> dict[str, Response]:
    """Responses by item, blank ones left out and what is none of the items too.

    Raises what ``parse_response`` raises.
    """
    parsed = {
        item.item_id: parse_response(item, answers[item.item_id])
        for item in items
        if item.item_id in answers
    }
    return {item_id: one for item_id, one in parsed.items() if one is not None}


def _text(item: FormItem, response: Response) -> Response | None:
    if response.options:
        raise Refusal("response.shape", item=item.item_id, detail="options")
    if len(response.text) > TEXT_LIMIT:
        raise Refusal("response.too_long", item=item.item_id, limit=TEXT_LIMIT)
    return Response(text=response.text) if response.text.strip() else None
