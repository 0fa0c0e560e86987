"""Policies as sentences, values as they are typed, differences: pure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidValue
from domain.policy.policies import Policy
from web.http.forms import nested, with_row, without_row
from web.pages.policies.sentences import Names, sentences
from web.pages.policies.view import reordered
from web.showing.differences import Difference, differences
from web.showing.values import read, read_list, spelled, spelled_list

NAMES = Names({"bh_default": "Business hours", "bh_n": "Nights"}, {"network": "Network"}, "bh_default")
LAST_STEP = (
    "1 h 30 min after the breach of resolution: comment “hello”, again every 15 min until somebody acknowledges, "
    "within Nights (switched off)"
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


def policy(**document: Any) -> Policy:
    ids = {"targets": "target", "escalations": "esc"}
    for name, prefix in ids.items():
        document[name] = [{"id": f"{prefix}_{n}", **one} for n, one in enumerate(document.get(name, ()))]
    return Policy.from_json({"id": "sla_1", "name": "P", **document})


@pytest.mark.parametrize(
    ("conditions", "match", "said"),
    [
        ([], "all", "For every ticket"),
        ([("priority", "eq", "urgent")], "all", "For tickets where priority is urgent"),
        (
            [("p", "in", ["a", "b"]), ("q", "not_in", ["c", "d"])],
            "all",
            "For tickets where p is a or b and q is neither c nor d",
        ),
        ([("p", "is_set", None), ("q", "lt", 5)], "any", "For tickets where p is set or q is below 5"),
        ([("p", "eq", None), ("q", "neq", True)], "all", "For tickets where p is empty and q is not true"),
        ([("p", "not_in", ["c"])], "all", "For tickets where p is not c"),
    ],
)
def test_conditions_are_said_as_people_say_them(conditions: Any, match: str, said: str) -> None:
    listed = [
        {"field": f, "operator": o, **({} if v is None and o == "is_set" else {"value": v})} for f, o, v in conditions
    ]
    assert sentences(policy(conditions=listed, match=match), NAMES).who == said


@pytest.mark.parametrize(
    ("target", "rest", "said"),
    [
        ({"type": "first_response", "hours": 1}, {"business_hours_id": "bh_n"}, "first response within 1 h of Nights"),
        (
            {"type": "resolution", "minutes": 90, "priority": "high"},
            {},
            "resolution within 1 h 30 min, around the clock, for priority high",
        ),
        (
            {"type": "resolution", "hours": 4},
            {"business_hours": True},
            "resolution within 4 h of the team's hours, else of Business hours",
        ),
        (
            {"type": "resolution", "hours": 4},
            {"business_hours": "team"},
            "resolution within 4 h of the hours of the team that has the ticket",
        ),
        (
            {"type": "resolution", "days": 2},
            {"business_hours_id": "bh_n"},
            "resolution within 2 working days of Nights",
        ),
        ({"type": "resolution", "days": 1, "end_of_day": True}, {}, "resolution by the end of 1 working day"),
        ({"type": "resolution", "by": {"weekday": "fri", "time": "16:00"}}, {}, "resolution by Friday 16:00"),
        ({"type": "resolution", "by": {"field": "due"}}, {}, "resolution by what the ticket's field due says"),
        (
            {"type": "resolution", "hours": 1, "pausable": False},
            {},
            "resolution within 1 h, around the clock; a pause does not stop it",
        ),
        (
            {"type": "vendor", "hours": 1, "starts_on": ["paused"]},
            {},
            "vendor within 1 h, around the clock; starts on paused",
        ),
    ],
)
def test_promises_are_said_with_their_hours(target: Any, rest: Any, said: str) -> None:
    assert sentences(policy(targets=[target], **rest), NAMES).promises == [said]


def test_steps_are_said_with_what_they_do() -> None:
    steps = [
        {"trigger": "approaching_breach", "trigger_percent": 50, "action_type": "notify"},
        {"trigger": "approaching_breach", "threshold_minutes": 30, "actions": [{"type": "notify_team_lead"}]},
        {
            "trigger": "breached",
            "actions": [{"type": "reassign", "team_id": "network"}, {"type": "add_tag", "tag": "late"}],
        },
        {
            "trigger": "breached",
            "delay_minutes": 90,
            "target_type": "resolution",
            "repeat_minutes": 15,
            "hours": "bh_n",
            "status": "inactive",
            "actions": [{"type": "comment", "text": "hello"}],
        },
    ]
    assert sentences(policy(escalations=steps), NAMES).steps == [
        "At 50 % of the time: notify",
        "30 min before the breach: notify the team lead",
        "At the breach: reassign to Network and add the tag late",
        LAST_STEP,
    ]


@given(SCALARS)
def test_a_value_is_read_as_it_was_spelled(value: Any) -> None:
    again = read(spelled(value))
    assert (type(again), again) == (type(value), value)


@given(st.lists(SCALARS, min_size=1))
def test_a_list_is_read_as_it_was_spelled(values: list[Any]) -> None:
    again = read_list(spelled_list(values))
    assert [(type(one), one) for one in again] == [(type(one), one) for one in values]


def test_words_and_numbers_are_read_as_people_mean_them() -> None:
    assert read_list(" urgent , high,, ") == ["urgent", "high"]
    assert read_list('5, "5", true, gold tier') == [5, "5", True, "gold tier"]
    assert [read(one) for one in ("NaN", "-Infinity", "1e999", "x: y")][:2] == ["NaN", "-Infinity"]


def test_rows_come_and_go_and_keep_their_order() -> None:
    draft = nested([("a.10.x", "late"), ("a.2.x", "early"), ("a.2.b.0.y", "in\r\nner"), ("n", "1"), ("n", "2")])
    assert draft == {"a": [{"x": "early", "b": [{"y": "in\nner"}]}, {"x": "late"}], "n": "2"}
    assert without_row(draft, "a.0")["a"] == [{"x": "late"}]
    assert with_row(draft, "a.0.b", {"y": ""})["a"][0]["b"] == [{"y": "in\nner"}, {"y": ""}]
    for path in ("", "a", "a.9", "n.0", "a.0.x.0", "none.of.these", "a.-1", "..."):
        assert without_row(draft, path).get("n") in ("2", [])
        assert with_row(draft, path, {})["n"] in ("2", [{}])


def test_a_policy_moves_by_one_and_stays_at_the_ends() -> None:
    assert reordered(["a", "b", "c"], "up c") == ["a", "c", "b"]
    assert reordered(["a", "b", "c"], "down a") == ["b", "a", "c"]
    assert reordered(["a", "b"], "up a") == reordered(["a", "b"], "down b") == ["a", "b"]
    for move in ("up x", "left a", "up", ""):
        with pytest.raises(InvalidValue):
            reordered(["a", "b"], move)


def test_versions_differ_field_by_field_and_parts_by_their_ids() -> None:
    before = {
        "name": "A",
        "targets": [{"id": "t1", "type": "resolution", "hours": 1}, {"id": "t2", "type": "x"}],
        "on": True,
    }
    after = {
        "name": "A",
        "targets": [{"id": "t1", "type": "resolution", "hours": 2}, {"id": "t3", "type": "y"}],
        "on": 1,
    }
    assert differences(before, after) == [
        Difference("targets[resolution].hours", "1", "2"),
        Difference("targets[x]", '{"id": "t2", "type": "x"}', ""),
        Difference("targets[y]", "", '{"id": "t3", "type": "y"}'),
        Difference("on", "true", "1"),
    ]
    assert differences(before, before) == []
    assert differences({"a": []}, {"a": [{"b": 1}]}) == [Difference("a[1]", "", '{"b": 1}')]
