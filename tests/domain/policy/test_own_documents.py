"""Snapshots come from the store and from histories again and again; what they have in common is read once."""

import json
from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.policy.snapshot import Snapshot
from tests.support.builders import a_snapshot

SNAPSHOT = a_snapshot()


def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(SNAPSHOT.to_json()))
    return read


def test_equal_rules_of_two_tickets_are_one_policy_and_one_calendar() -> None:
    one, other = Snapshot.from_json(document()), Snapshot.from_json(document())
    assert one.policy is other.policy
    assert one.calendar is other.calendar


def test_other_rules_are_another_policy() -> None:
    renamed = document()
    renamed["policy"]["name"] = "Another"
    assert Snapshot.from_json(document()).policy.name != "Another"
    assert Snapshot.from_json(renamed).policy.name == "Another"


def test_a_policy_that_is_refused_is_refused_by_its_path_every_time() -> None:
    wrong = document()
    wrong["policy"]["version"] = 0
    for _ in range(2):
        with pytest.raises(InvalidValue) as refusal:
            Snapshot.from_json(wrong)
        assert refusal.value.field == "snapshot.policy.version"


def test_true_is_no_version_though_it_equals_one() -> None:
    Snapshot.from_json(document())
    wrong = document()
    wrong["policy"]["version"] = True
    with pytest.raises(InvalidValue):
        Snapshot.from_json(wrong)


def test_what_json_cannot_carry_is_refused_by_its_path() -> None:
    wrong = document()
    wrong["policy"]["enabled"] = object()
    with pytest.raises(InvalidValue) as refusal:
        Snapshot.from_json(wrong)
    assert refusal.value.field == "snapshot.policy.enabled"
