"""Stories of conversations, vendors and changing tickets, walked by the real workflow."""

from __future__ import annotations

from typing import Any

from domain.policy.catalog import Catalog
from domain.policy.clocks.clocks import OnReopen
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from tests.support.clockwork import ORGANIZATION, Clockwork, Opened, eventually, snapshot_of, standing, working


def policy(*targets: dict[str, Any], **given: Any) -> Policy:
    document = {"id": "sla_test", "name": "Test", "targets": [{"id": f"t{n}", **one} for n, one in enumerate(targets)]}
    return Policy.from_json({**document, **given})


def fired(ticket: Opened, state: dict[str, Any]) -> list[tuple[str, int, str, float]]:
    """What stands, as (target, cycle, milestone, planned minute)."""
    return [
        (f["target"], f["cycle"], f["milestone"], ticket.minute(f["planned_at"]))
        for f in state["ledger"]
        if f["withdrawn_at"] is None
    ]


async def test_each_unanswered_message_has_warnings_of_its_own_and_the_instance_lasts_as_long_as_its_ticket(
    clockwork: Clockwork,
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy({"type": "next_response", "hours": 1})))
        await ticket.go_to(5)
        await ticket.signal("customer_reply", 5, event_id="c1")
        await ticket.go_to(40)
        await ticket.fired("next_response/halfway")
        await ticket.signal("agent_reply", 40, event_id="a1")
        assert (await ticket.applied("a1"))["closed_at"] is None
        await ticket.go_to(100)
        await ticket.signal("customer_reply", 100, event_id="c3")
        await ticket.go_to(161)
        state = await ticket.fired("next_response/breached")
        assert fired(ticket, state) == [
            ("next_response", 1, "halfway", 35),
            ("next_response", 2, "halfway", 130),
            ("next_response", 2, "at_risk", 145),
            ("next_response", 2, "breached", 160),
        ]
        await ticket.go_to(170)
        await ticket.signal("resolve", 170, event_id="r")
        assert (await ticket.result())["status"] == "breached"
        assert [notice["data"]["cycle"] for notice in clockwork.mailbox.notices] == [1, 2, 2, 2]


async def test_a_message_told_late_moves_what_was_owed(clockwork: Clockwork) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy({"type": "next_response", "hours": 1})))
        await ticket.go_to(10)
        await ticket.signal("customer_reply", 10, event_id="c")
        await ticket.go_to(75)
        await ticket.fired("next_response/breached")
        await ticket.signal("agent_reply", 50, event_id="a")
        state = await eventually(ticket.state, lambda state: "next_response/breached" not in standing(state))
        assert fired(ticket, state) == [("next_response", 1, "halfway", 40)]
        await eventually(lambda: _types(clockwork), lambda types: types.count("sla.withdrawn") == 2)


async def _types(clockwork: Clockwork) -> list[str]:
    return [notice["type"] for notice in clockwork.mailbox.notices]


async def test_a_field_pauses_one_clock_and_starts_another(clockwork: Clockwork) -> None:
    pending = {"field": "status", "operator": "in", "value": ["pending", "on_hold"]}
    held = {"type": "resolution", "hours": 2, "pauses_when": [pending]}
    asked = {"field": "status", "operator": "eq", "value": "with vendor"}
    vendor = {"type": "vendor", "hours": 1, "starts_when": [asked], "stops_when": [pending]}
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy(held, vendor)))
        await ticket.go_to(10)
        await ticket.signal("update", 10, event_id="u1", attributes={"status": "with vendor"})
        await ticket.go_to(45)
        await ticket.signal("update", 45, event_id="u2", attributes={"status": "on_hold"})
        await ticket.go_to(200)
        await ticket.signal("update", 200, event_id="u3", attributes={"status": "open"})
        await ticket.go_to(276)
        state = await ticket.fired("resolution/breached")
        assert fired(ticket, state) == [
            ("vendor", 1, "halfway", 40),
            ("resolution", 1, "halfway", 215),
            ("resolution", 1, "at_risk", 245),
            ("resolution", 1, "breached", 275),
        ]


def by_priority(mode: str) -> Snapshot:
    """Four hours; urgent ones, under a policy of their own, two."""
    urgent = {"field": "priority", "operator": "eq", "value": "urgent"}
    express = policy({"type": "resolution", "hours": 2}, id="sla_express", name="Express", conditions=[urgent])
    normal = policy({"type": "resolution", "hours": 4}, on_change=mode)
    return snapshot_of(normal, catalog=Catalog(ORGANIZATION, (express, normal), {}))


async def test_a_ticket_that_becomes_urgent_is_due_by_the_urgent_target_from_the_same_start(
    clockwork: Clockwork,
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(by_priority("retarget"))
        await ticket.go_to(90)
        await ticket.signal("update", 90, event_id="u", attributes={"priority": "urgent"})
        await ticket.go_to(121)
        state = await ticket.fired("resolution/breached")
        assert fired(ticket, state) == [
            ("resolution", 1, "halfway", 90),
            ("resolution", 1, "at_risk", 90),
            ("resolution", 1, "breached", 120),
        ]
        await eventually(lambda: _types(clockwork), lambda types: len(types) == 3)
        told = clockwork.mailbox.notices[-1]["data"]
        assert (told["policy"]["name"], told["ticket"]["priority"]) == ("Express", "urgent")


async def test_a_restart_begins_again_and_what_had_fired_stands(clockwork: Clockwork) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(by_priority("restart"))
        await ticket.go_to(130)
        await ticket.fired("resolution/halfway")
        await ticket.signal("update", 130, event_id="u", attributes={"priority": "urgent"})
        await ticket.go_to(195)
        state = await ticket.has_standing(2)
        assert fired(ticket, state) == [("resolution", 1, "halfway", 120), ("resolution", 2, "halfway", 190)]
        await ticket.go_to(200)
        await ticket.signal("resolve", 200, event_id="r")
        assert (await ticket.result())["status"] == "met"


async def test_a_reopening_in_a_new_cycle_leaves_the_first_its_verdict(clockwork: Clockwork) -> None:
    own = policy(
        {"type": "resolution", "hours": 1}, {"type": "total_resolution", "hours": 9}, on_reopen=OnReopen.NEW_CYCLE.value
    )
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(own))
        await ticket.go_to(61)
        await ticket.fired("resolution/breached")
        await ticket.go_to(310)
        await ticket.signal("resolve", 70, event_id="r1")
        await ticket.signal("reopen", 300, event_id="o")
        await ticket.signal("resolve", 310, event_id="r2")
        state = await ticket.applied("r1", "o", "r2")
        shown = [(t["type"], t["cycle"], t["breached_at"] is not None, t["used"]) for t in state["plan"]["targets"]]
        minute = 60_000_000
        assert shown == [
            ("resolution", 1, True, 70 * minute),
            ("resolution", 2, False, 10 * minute),
            ("total_resolution", 1, False, 80 * minute),
        ]
