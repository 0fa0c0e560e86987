"""The fields of tickets that an organization declares: their names, and the values that a ticket has of them."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.ticket.dimensions import asked_values, key_of_value, require_dimensions, values_of


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([f"field_{number}" for number in range(11)], "dimensions"),
        (["customer", "region", "customer"], "dimensions[2]"),
        (["customer", "a:b"], "dimensions[1]"),
        ([" customer"], "dimensions[0]"),
        ([""], "dimensions[0]"),
        ([7], "dimensions[0]"),
        (["x" * 101], "dimensions[0]"),
        (["assignee"], "dimensions[0]"),
        (["priority"], "dimensions[0]"),
    ],
)
def test_names_that_could_not_be_asked_for_are_refused_by_their_place(given: list[Any], field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        require_dimensions(given)
    assert refused.value.field == field


def test_ten_names_of_fields_and_paths_are_taken_in_their_order() -> None:
    names = ["customer.name", "Région", *(f"field_{number}" for number in range(8))]
    assert require_dimensions(names) == tuple(names)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Acme", {"acme": "Acme"}),
        (" Acme ", {"acme": "Acme"}),
        ("STRASSE", {"strasse": "STRASSE"}),
        ("Straße", {"strasse": "Straße"}),
        (7, {"7": "7"}),
        (1.5, {"1.5": "1.5"}),
        (True, {"true": "true"}),
        ("", {}),
        (None, {}),
        ({"name": "Acme"}, {}),
        ([], {}),
        (["b", "a", "B", None, ["c"]], {"b": "b", "a": "a"}),
        (list(range(30)), {str(number): str(number) for number in range(20)}),
    ],
    ids=str,
)
def test_a_field_has_the_values_of_its_texts_and_numbers(value: Any, expected: dict[str, str]) -> None:
    assert values_of({"of": {"field": value}}, "of.field") == expected


def test_texts_that_are_alike_for_two_hundred_characters_are_one_value() -> None:
    long = "x" * 200
    assert values_of({"a": [long + "1", long + "2"]}, "a") == {long: long}
    assert key_of_value(long + "3") == long
    assert values_of({}, "a") == {}


def test_values_are_asked_for_behind_a_colon_and_may_hold_some_themselves() -> None:
    assert asked_values(["a:1", "b:x:y", "a:2"], ["a", "b"], "field") == {"a": ["1", "2"], "b": ["x:y"]}
    for text, said in (("c:1", "a, b"), ("a", "colon"), ("a:", "colon"), (":1", "a, b")):
        with pytest.raises(InvalidValue, match=said):
            asked_values([text], ["a", "b"], "field")
    with pytest.raises(InvalidValue, match="none"):
        asked_values(["a:1"], [], "field")
