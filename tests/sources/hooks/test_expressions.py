"""The functions that expressions have beside those of JMESPath."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sources.hooks.language.expressions import Unmappable, compiled

BODY: dict[str, Any] = {
    "n": 12,
    "f": 1.0,
    "t": "A b",
    "no": False,
    "list": ["x", 7, None, "Y"],
    "deep": {"a": {"b": 1}},
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("text(n)", "12"),
        ("text(f)", "1"),
        ("text(no)", "false"),
        ("text(list)", None),
        ("lower(t)", "a b"),
        ("lower(nothing)", None),
        ("between('{status:{from:2,to:3}}', 'from:', ',')", "2"),
        ("between(t, '', ' ')", "A"),
        ("between(t, ' ', '')", "b"),
        ("between(t, 'A', '!')", None),
        ("between(nothing, 'A', '')", None),
        ("split('a, b,,c', ',')", ["a", " b", "c"]),
        ("split(nothing, ',')", []),
        ("key([t, n, nothing, ''], '/')", "A b/12"),
        ("key([nothing], '/')", None),
        ("has(list, 'y')", True),
        ("has(list, '7')", True),
        ("has(list, nothing)", False),
        ("has(nothing, 'y')", False),
        ("common(list, ['y', '7', 'z'])", [7, "Y"]),
        ("common(nothing, list)", []),
        ("hash(deep) == hash({a: {b: `1`}})", True),
    ],
)
def test_a_function_gives_what_the_page_says(expression: str, expected: Any) -> None:
    assert compiled(expression).of(BODY, "place") == expected


def test_a_function_that_gets_what_it_cannot_take_names_its_place_and_its_expression() -> None:
    with pytest.raises(Unmappable, match=r"^event: cannot be read in this body \(.*\), got 'join\(n, t\)'$"):
        compiled("join(n, t)").of(BODY, "event")


@pytest.mark.parametrize(
    ("found", "holds"), [("false", False), ("0", False), ("No", False), ("true", True), ([], False), (0, True)]
)
def test_texts_of_templates_that_say_no_do_not_hold(found: Any, holds: bool) -> None:
    assert compiled("x").holds({"x": found}, "place") is holds


def test_what_two_long_lists_have_in_common_is_found_in_one_pass() -> None:
    lists = {"a": [str(n) for n in range(50_000)], "b": [str(n) for n in range(50_000, 100_000)]}
    began = time.process_time()
    assert compiled("common(a, b)").of(lists, "place") == []
    assert time.process_time() - began < 5, "each of one list beside each of the other would take minutes"
