"""What is wrong with a request's shape, field by field, as codes with words in both languages.

Rules kept here: pydantic's own English sentence is shown only for a fault that has no words here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kernel.errors import RowError

_CODES = {
    "missing": "request.field_missing",
    "extra_forbidden": "request.field_unknown",
    "string_too_long": "request.field_long",
    "string_too_short": "request.field_short",
    "string_pattern_mismatch": "request.field_pattern",
    "string_type": "request.field_text",
    "int_type": "request.field_number",
    "int_parsing": "request.field_number",
    "int_from_float": "request.field_number",
    "float_parsing": "request.field_number",
    "bool_parsing": "request.field_yes_no",
    "bool_type": "request.field_yes_no",
    "greater_than_equal": "request.field_least",
    "less_than_equal": "request.field_most",
    "literal_error": "request.field_choice",
    "enum": "request.field_choice",
    "json_invalid": "request.field_json",
}
_BOUNDS = ("max_length", "min_length", "ge", "le", "expected", "pattern")


def faults(errors: Sequence[Mapping[str, Any]]) -> list[RowError]:
    """One row error per fault of pydantic's list; row 0, since a request has no rows."""
    return [_fault(error) for error in errors]


def _fault(error: Mapping[str, Any]) -> RowError:
    place = ".".join(str(part) for part in error["loc"])
    code = _CODES.get(error["type"])
    if code is None:
        return RowError(0, place, "request.field", {"detail": str(error["msg"])})
    context = error.get("ctx", {})
    limit = next((str(context[name]) for name in _BOUNDS if name in context), "")
    return RowError(0, place, code, {"limit": limit} if limit else {})
