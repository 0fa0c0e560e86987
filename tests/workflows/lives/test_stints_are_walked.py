"""An OLA on a real server: the milestones of each team's stint, whatever the order in which assignments arrive."""

from __future__ import annotations

from typing import Any

from domain.policy.catalog import Catalog
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.ticket.teams import Team
from domain.ticket.tickets import Ticket
from tests.support.clockwork import ORGANIZATION, Clockwork, eventually, standing, working

TEAMS = {"network": Team("network", "Network", "nora@example.com"), "billing": Team("billing", "Billing")}


def ola(subject: str, **ticket: Any) -> Snapshot:
    """Every team hands on or resolves within an hour."""
    policy = Policy.from_json(
        {"id": "ola_1", "name": "Hand on", "kind": "ola", "targets": [{"id": "t", "type": "resolution", "hours": 1}]}
    )
    document = {"ticket_id": subject, "kind": "ola", **ticket}
    made = Catalog(ORGANIZATION, (policy,), {}, teams=TEAMS).snapshot(Ticket.from_json(document), "test")
    assert made is not None
    return made


async def test_each_stint_has_its_own_milestones_and_the_instance_ends_with_the_ticket(clockwork: Clockwork) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(ola("1"))
        await ticket.go_to(300)
        assert (await ticket.state())["status"] == "active"
        await ticket.signal("assign", event_id="a1", team_id="network")
        await ticket.applied("a1")
        await ticket.go_to(340)
        await ticket.fired("resolution/a1/halfway")
        await ticket.signal("assign", event_id="a2", team_id="billing")
        await ticket.applied("a2")
        await ticket.go_to(410)
        state = await ticket.fired("resolution/a2/breached")
        assert set(standing(state)) == {
            "resolution/a1/halfway",
            *(f"resolution/a2/{name}" for name in ("halfway", "at_risk", "breached")),
        }
        await ticket.signal("resolve", event_id="done")
        assert (await ticket.result())["status"] == "breached"
        assert {notice["data"]["team"]["name"] for notice in clockwork.mailbox.notices} == {"Network", "Billing"}


async def test_a_late_assignment_takes_back_the_breach_of_the_team_that_did_not_have_the_ticket(
    clockwork: Clockwork,
) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(ola("2", team_id="network"))
        await ticket.go_to(70)
        await ticket.fired("resolution/opened/breached")
        await ticket.signal("assign", 20, event_id="late", team_id="billing")
        await ticket.applied("late")
        state = await ticket.fired("resolution/late/at_risk")
        assert set(standing(state)) == {"resolution/late/halfway", "resolution/late/at_risk"}
        await eventually(lambda: _types(clockwork), lambda types: types.count("sla.withdrawn") == 3 and len(types) == 8)


async def test_an_assignment_that_says_to_whom_by_nothing_is_set_aside(clockwork: Clockwork) -> None:
    async with working(clockwork):
        ticket = await clockwork.open(ola("3", team_id="network"))
        await ticket.signal("assign", event_id="silent")
        state = await eventually(ticket.state, lambda state: state["set_aside"]["count"] == 1)
        assert state["set_aside"]["recent"][0]["field"] == "team_id"
        await ticket.signal("assign", event_id="a1", team_id=None)
        state = await ticket.applied("a1")
        assert [stint["team_id"] for stint in state["plan"]["ownership"]["stints"]][-1] is None


async def _types(clockwork: Clockwork) -> list[str]:
    return [notice["type"] for notice in clockwork.mailbox.notices]
