from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidValue
from domain.record.receivers import Choice, Receiver

RECEIVER = {"id": "rcv_1", "name": "Duty desk", "channel": "webhook"}


def notice(type_: str = "breached", **data: Any) -> dict[str, Any]:
    """Of an OLA of the team `network`, for ticket 42 of priority `High`."""
    return {
        "type": f"sla.{type_}",
        "data": {
            "milestone": "breached",
            "policy": {"id": "sla_1"},
            "ticket": {"ticket_id": "42", "kind": "ola", "priority": "High"},
            "team": {"id": "network"},
            **data,
        },
    }


def chosen(**parts: Any) -> Choice:
    return Choice.from_json(parts)


def test_a_receiver_that_chooses_nothing_is_told_everything() -> None:
    assert Choice().takes(notice())
    assert Choice().takes(notice("pause_too_long", team=None, ticket={"kind": "sla", "priority": None}))


@pytest.mark.parametrize(
    ("part", "right", "wrong"),
    [
        ("types", "breached", "at_risk"),
        ("kinds", "ola", "sla"),
        ("policies", "sla_1", "sla_2"),
        ("teams", "network", "desk"),
        ("priorities", "HIGH", "low"),
    ],
)
def test_a_receiver_is_told_what_it_has_chosen_and_nothing_else(part: str, right: str, wrong: str) -> None:
    assert chosen(**{part: [right, wrong]}).takes(notice())
    assert not chosen(**{part: [wrong]}).takes(notice())


def test_a_notice_must_match_each_part_of_a_choice() -> None:
    assert chosen(types=["breached"], teams=["network"]).takes(notice())
    assert not chosen(types=["breached"], teams=["desk"]).takes(notice())
    assert not chosen(types=["at_risk"], teams=["network"]).takes(notice())


def test_a_ticket_without_a_priority_matches_no_chosen_one() -> None:
    assert not chosen(priorities=["high"]).takes(notice(ticket={"kind": "sla", "priority": None}))


def test_scrubbes_applicable_team_is_chosen_as_a_team() -> None:
    assert chosen(teams=["NOC"]).takes(notice(team=None, applicable_team="NOC"))
    assert not chosen(teams=["NOC"]).takes(notice(team=None))


@pytest.mark.parametrize(
    ("milestone", "type_"),
    [("breached", "breached"), ("escalation:esc_1", "escalated"), ("pause_too_long:hd-3", "pause_too_long")],
)
def test_a_withdrawal_goes_to_those_who_chose_what_it_takes_back(milestone: str, type_: str) -> None:
    withdrawal = notice("withdrawn", milestone=milestone)
    assert chosen(types=[type_]).takes(withdrawal)
    assert not chosen(types=["at_risk"]).takes(withdrawal)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("types[0]", {"types": ["withdrawn"]}),
        ("kinds[1]", {"kinds": ["sla", "SLA"]}),
        ("teams[0]", {"teams": [""]}),
        ("policies", {"policies": "sla_1"}),
        ("priorities", {"priorities": [str(number) for number in range(101)]}),
        ("name", {"name": " "}),
        ("timezone", {"timezone": "Mars/Base"}),
        ("enabled", {"enabled": "yes"}),
        ("receiver.adress", {"adress": "x"}),
    ],
)
def test_a_receiver_that_makes_no_sense_is_refused_by_field(field: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue) as refused:
        Receiver.from_json({**RECEIVER, **given})
    assert refused.value.field == field


def test_a_receiver_reads_back_as_it_was_written() -> None:
    receiver = Receiver.from_json({**RECEIVER, "types": ["breached", "breached"], "timezone": "Europe/Berlin"})
    assert receiver.choice.types == ("breached",)
    assert Receiver.from_json(receiver.to_json()) == receiver
