"""Milestones on a real server with movable time: when they fire, and when they must not."""

from __future__ import annotations

from typing import Any

from domain.policy.policies import Policy
from tests.support.clockwork import Clockwork, Opened, eventually, snapshot_of, standing, working


def planned_minutes(opened: Opened, state: dict[str, Any], name: str) -> list[float]:
    return [
        opened.minute(firing["planned_at"])
        for firing in state["ledger"]
        if f"{firing['target']}/{firing['milestone']}" == name and firing["withdrawn_at"] is None
    ]


async def test_halfway_at_risk_and_breach_fire_once_at_their_instants(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(300)
        state = await ticket.fired("first_response/breached", "resolution/breached")
        assert [
            (f["target"], f["milestone"], ticket.minute(f["planned_at"]), f["generation"]) for f in state["ledger"]
        ] == [
            ("first_response", "halfway", 30, 1),
            ("first_response", "at_risk", 45, 1),
            ("first_response", "breached", 60, 1),
            ("resolution", "halfway", 120, 1),
            ("resolution", "at_risk", 180, 1),
            ("resolution", "breached", 240, 1),
        ]
        await eventually(lambda: _count(clockwork), lambda count: count == 6)
        assert len(set(clockwork.mailbox.ids)) == 6


async def _count(clockwork: Clockwork) -> int:
    return len(clockwork.mailbox.notices)


async def test_firing_is_within_a_second_of_the_planned_instant(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        for count, minute in enumerate((31, 46, 61, 121, 181, 241), start=1):
            await ticket.go_to(minute)
            state = await ticket.has_standing(count)
        lateness = [ticket.minute(f["fired_at"]) - ticket.minute(f["planned_at"]) for f in state["ledger"]]
        assert all(0 <= late * 60 < 1 for late in lateness), lateness


async def test_a_breach_stops_nothing_and_the_instance_stays_open_until_resolved(
    clockwork: Clockwork, policy: Policy
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(600)
        state = await ticket.fired("resolution/breached")
        assert state["closed_at"] is None
        assert state["status"] == "breached"
        await ticket.signal("resolve", event_id="done")
        assert await ticket.result() == {"status": "breached"}


async def test_a_pause_keeps_the_halfway_warning_and_the_breach_and_moves_both(
    clockwork: Clockwork, policy: Policy
) -> None:
    """Paused from minute 20 to 25, the 60 minute target warns at 35 and breaches at 65."""
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(20)
        await ticket.signal("pause", 20, event_id="p")
        state = await ticket.applied("p")
        assert state["status"] == "paused"
        await ticket.go_to(25)
        await ticket.signal("resume", 25, event_id="r")
        await ticket.applied("r")
        await ticket.go_to(70)
        state = await ticket.fired("first_response/breached")
        assert planned_minutes(ticket, state, "first_response/halfway") == [35]
        assert planned_minutes(ticket, state, "first_response/at_risk") == [50]
        assert planned_minutes(ticket, state, "first_response/breached") == [65]


async def test_milestones_fire_after_a_pause_that_ends_by_itself(clockwork: Clockwork, policy: Policy) -> None:
    """Paused at minute 20 until 25: as with a resume at 25, and nobody sends one."""
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(20)
        await ticket.signal("pause", 20, event_id="p", cause="vendor", until=ticket.at(25))
        assert (await ticket.applied("p"))["status"] == "paused"
        await ticket.go_to(36)
        assert (await ticket.fired("first_response/halfway"))["status"] == "active"
        await ticket.go_to(70)
        state = await ticket.fired("first_response/breached")
        assert planned_minutes(ticket, state, "first_response/halfway") == [35]
        assert planned_minutes(ticket, state, "first_response/breached") == [65]
        assert (await ticket.state())["applied"][1:] == ["p"]


async def test_nothing_fires_while_paused_however_long(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        # A pause that comes with the first task leaves no timer to cancel.
        await eventually(ticket.history, lambda types: "TIMER_STARTED" in types)
        await ticket.signal("pause", 0, event_id="p", reason="customer")
        await ticket.applied("p")
        await ticket.go_to(60 * 24 * 30)
        state = await ticket.state()
        assert state["ledger"] == []
        assert "TIMER_STARTED" not in (await ticket.history())[(await ticket.history()).index("TIMER_CANCELED") :]


async def test_an_acknowledgement_in_time_silences_the_first_response_only(
    clockwork: Clockwork, policy: Policy
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(10)
        await ticket.signal("acknowledge", 10, event_id="a")
        await ticket.applied("a")
        await ticket.go_to(250)
        state = await ticket.fired("resolution/breached")
        assert {f["target"] for f in state["ledger"]} == {"resolution"}


async def test_an_event_at_the_very_instant_of_a_milestone_comes_before_it(
    clockwork: Clockwork, policy: Policy
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(59.9)
        await ticket.signal("acknowledge", 60, event_id="a")
        state = await ticket.applied("a")
        await ticket.go_to(61)
        state = await ticket.state()
        assert "first_response/breached" not in [f"{f['target']}/{f['milestone']}" for f in state["ledger"]]


async def test_a_late_acknowledgement_withdraws_the_breach_it_disproves(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(70)
        await ticket.fired("first_response/breached")
        await ticket.signal("acknowledge", 50, event_id="a")
        state = await ticket.applied("a")
        assert "first_response/breached" not in standing(state)
        assert "first_response/at_risk" in standing(state)
        await eventually(lambda: _types(clockwork), lambda types: "sla.withdrawn" in types)
        wrong = next(n for n in clockwork.mailbox.notices if n["type"] == "sla.breached")
        taken_back = next(n for n in clockwork.mailbox.notices if n["type"] == "sla.withdrawn")
        assert taken_back["data"]["withdraws"] == wrong["id"]
        assert taken_back["id"] != wrong["id"]
        assert state["status"] == "active"


async def _types(clockwork: Clockwork) -> list[str]:
    return [notice["type"] for notice in clockwork.mailbox.notices]


async def test_a_late_pause_end_records_the_breach_at_its_true_instant(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.signal("pause", 0, event_id="p")
        await ticket.applied("p")
        await ticket.go_to(200)
        await ticket.signal("resume", 10, event_id="r")
        state = await ticket.fired("first_response/breached")
        assert planned_minutes(ticket, state, "first_response/breached") == [70]
        fired = next(f for f in state["ledger"] if f["milestone"] == "breached")
        assert ticket.minute(fired["fired_at"]) >= 200


async def test_escalations_fire_before_and_after_the_breach(clockwork: Clockwork) -> None:
    policy = Policy.from_json(
        {
            "id": "sla_e",
            "name": "Escalating",
            "targets": [{"type": "resolution", "hours": 1}],
            "escalations": [
                {
                    "id": "esc_a",
                    "trigger": "approaching_breach",
                    "threshold_minutes": 10,
                    "actions": [{"type": "notify"}],
                },
                {"id": "esc_b", "trigger": "breached", "delay_minutes": 15, "action_type": "notify"},
            ],
        }
    )
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        await ticket.go_to(80)
        state = await ticket.fired("resolution/escalation:esc_b")
        assert planned_minutes(ticket, state, "resolution/escalation:esc_a") == [50]
        assert planned_minutes(ticket, state, "resolution/escalation:esc_b") == [75]
        await eventually(lambda: _types(clockwork), lambda types: types.count("sla.escalated") == 2)
        escalated = [n for n in clockwork.mailbox.notices if n["type"] == "sla.escalated"]
        assert escalated[1]["data"]["escalation"]["actions"] == [{"type": "notify"}]


async def test_at_most_one_timer_is_pending_at_any_time(clockwork: Clockwork, policy: Policy) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(snapshot_of(policy))
        for minute in (5, 10, 15, 40):
            await ticket.go_to(minute)
            await ticket.signal("pause" if minute in (5, 15) else "resume", minute, event_id=f"e{minute}")
            await ticket.applied(f"e{minute}")
        await ticket.go_to(300)
        await ticket.fired("resolution/breached")
        await ticket.signal("resolve", event_id="done")
        await ticket.result()
        pending = 0
        for event in await ticket.history():
            pending += {"TIMER_STARTED": 1, "TIMER_CANCELED": -1, "TIMER_FIRED": -1}.get(event, 0)
            assert pending <= 1
