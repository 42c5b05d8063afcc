"""kernel.shape: a malformed request is told in both languages, field by field."""

from enum import StrEnum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kernel.shape import faults
from kernel.words import LANGUAGES, catalogue, say_row


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(default="", max_length=3)
    code: str = Field(default="AB", pattern="^[A-Z]+$", min_length=2)
    count: int = Field(default=1, ge=1, le=5)
    open: bool = True
    colour: Colour = Colour.RED
    kind: Literal["a", "b"] = "a"


class Wanting(BaseModel):
    must: str


def _faults(model: type[BaseModel], value: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    return [(one.field, one.code) for one in faults(caught.value.errors())]


@pytest.mark.parametrize(
    ("value", "field", "code"),
    [
        ({"name": "four"}, "name", "request.field_long"),
        ({"name": 4}, "name", "request.field_text"),
        ({"code": "ab"}, "code", "request.field_pattern"),
        ({"code": "A"}, "code", "request.field_short"),
        ({"count": 0}, "count", "request.field_least"),
        ({"count": 6}, "count", "request.field_most"),
        ({"count": "many"}, "count", "request.field_number"),
        ({"open": "perhaps"}, "open", "request.field_yes_no"),
        ({"colour": "green"}, "colour", "request.field_choice"),
        ({"kind": "c"}, "kind", "request.field_choice"),
        ({"more": 1}, "more", "request.field_unknown"),
    ],
)
def test_each_common_fault_has_its_own_code(value: dict[str, Any], field: str, code: str) -> None:
    assert _faults(Body, value) == [(field, code)]


def test_a_missing_field_is_named_and_no_row_is_invented() -> None:
    assert _faults(Wanting, {}) == [("must", "request.field_missing")]
    with pytest.raises(ValidationError) as caught:
        Wanting.model_validate({})
    said = [say_row(faults(caught.value.errors())[0], language) for language in LANGUAGES]
    assert said == ["字段「must」:缺少此项,请补上。", "field “must”: it is missing; fill it in."]


def test_limits_stand_in_the_words() -> None:
    with pytest.raises(ValidationError) as caught:
        Body.model_validate({"count": 9})
    said = say_row(faults(caught.value.errors())[0], "zh")
    assert "5" in said
    assert "{" not in said


def test_every_code_of_a_fault_is_in_the_catalogue() -> None:
    from kernel.shape import _CODES

    assert [code for code in _CODES.values() if code not in catalogue()] == []
