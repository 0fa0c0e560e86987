"""A ladder of four steps on a real server: people named, the ticket reassigned, quiet hours, an acknowledgement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from activities.ports import Found
from domain.calendar import Calendar
from domain.errors import StoreUnavailable
from domain.instants import DAY, HOUR, MINUTE, Instant, render
from domain.people.directory import Reach
from domain.policy.catalog import Catalog
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion, Snapshot
from domain.record.outcomes import ENGINE
from domain.ticket.teams import Team
from domain.ticket.tickets import Ticket
from store.store import Store
from tests.support.clockwork import ORGANIZATION, Clockwork, eventually, snapshot_of, standing, working

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TEAMS = {"net": Team("net", "Network", lead="ada@example.com"), "ops": Team("ops", "Operations")}


def hours_from(opening: Instant) -> Calendar:
    """Open every day for six hours from that time on, by the clock in UTC."""
    start = opening % DAY // MINUTE
    end = start + 6 * 60
    spans = [(start, min(end, 1440)), *([(0, end - 1440)] if end > 1440 else [])]
    windows = [[f"{a // 60:02}:{a % 60:02}", f"{b // 60:02}:{b % 60:02}"] for a, b in sorted(spans)]
    return Calendar.from_json({"timezone": "UTC", "weekly_hours": dict.fromkeys(WEEK, windows)})


def policy(*escalations: Mapping[str, Any], **changes: Any) -> Policy:
    """A resolution in one hour."""
    document = {"id": "sla_1", "name": "Support", "targets": [{"type": "resolution", "minutes": 60}]}
    return Policy.from_json({**document, "escalations": escalations, **changes})


def frozen(rules: Policy, calendars: Mapping[str, Calendar] | None = None) -> Snapshot:
    versions = {id_: CalendarVersion(one, id_, 1) for id_, one in (calendars or {}).items()}
    catalog = Catalog(ORGANIZATION, (rules,), versions, teams=TEAMS)
    return snapshot_of(rules, catalog=catalog)


def outcomes(state: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    return {one["milestone"]: one["outcomes"] for one in state["ledger"] if "outcomes" in one}


def nobody(whom: str, **action: str) -> dict[str, str]:
    return {**action, "outcome": "told_nobody", "whom": whom, "reason": f"no contact is known as {whom}"}


def escalated(clockwork: Clockwork) -> dict[str, Mapping[str, Any]]:
    """The data of the escalation notices, by milestone."""
    notices = [one for one in clockwork.mailbox.notices if one["type"] == "sla.escalated"]
    return {one["data"]["milestone"]: one["data"] for one in notices}


async def told(clockwork: Clockwork, *names: str) -> dict[str, Mapping[str, Any]]:
    async def found() -> dict[str, Mapping[str, Any]]:
        return escalated(clockwork)

    answer: dict[str, Mapping[str, Any]] = await eventually(found, lambda data: set(names) <= set(data))
    return answer


async def test_a_ladder_with_quiet_hours_is_climbed_until_somebody_acknowledges(
    clockwork: Clockwork, store: Store
) -> None:
    """Reached after 30, 60, 90 and 180 minutes; the third is held until about 120 and repeats every 15; acknowledged
    after the first repeat."""
    await store.organizations.ensure(ORGANIZATION)
    opening = Instant(((await clockwork.now()) + 2 * HOUR) // MINUTE * MINUTE)
    rules = policy(
        {
            "id": "esc_1",
            "trigger": "approaching_breach",
            "threshold_minutes": 30,
            "actions": [{"type": "notify_team_lead"}],
        },
        {
            "id": "esc_2",
            "trigger": "breached",
            "actions": [{"type": "reassign", "team_id": "ops"}, {"type": "comment", "text": "late"}],
        },
        {
            "id": "esc_3",
            "trigger": "breached",
            "delay_minutes": 30,
            "hours": "bh_day",
            "repeat_minutes": 15,
            "actions": [{"type": "notify_contact", "contact": "boss@example.com"}],
        },
        {
            "id": "esc_4",
            "trigger": "breached",
            "delay_minutes": 120,
            "actions": [{"type": "set_priority", "priority": "urgent"}],
        },
    )
    async with working(clockwork):
        ticket = await clockwork.open(frozen(rules, {"bh_day": hours_from(opening)}))
        await ticket.signal("assign", 0, event_id="to net", team_id="net")
        await ticket.applied("to net")
        await ticket.go_to(61)
        order = f"{ORGANIZATION}/{ticket.instance_id}/resolution/1/escalation:esc_2/1/0"
        assert order in (await ticket.applied(order))["applied"]
        spoken = ticket.minute(render(opening))
        await ticket.go_to(spoken + 16)
        await told(clockwork, "escalation:esc_3:repeat:1")
        await ticket.signal("acknowledge", spoken + 16, event_id="seen")
        await ticket.applied("seen")
        await ticket.go_to(300)
        state = await ticket.state()
        await ticket.signal("resolve", event_id="done")
        await ticket.result()
    steps = [name.partition("/")[2] for name in standing(state) if "escalation" in name]
    assert steps == ["escalation:esc_1", "escalation:esc_2", "escalation:esc_3", "escalation:esc_3:repeat:1"]
    # This worker knows no contacts; tests/workflows/telling/test_people_are_told.py has one that does.
    lead = nobody("ada@example.com", action="notify_team_lead")
    boss = nobody("boss@example.com", action="notify_contact", contact="boss@example.com")
    assert outcomes(state) == {
        "escalation:esc_1": [lead],
        "escalation:esc_2": [
            {"action": "reassign", "team_id": "ops", "outcome": "done", "event_id": order},
            {
                "action": "comment",
                "text": "late",
                "outcome": "waiting",
                "reason": "the notice asks the ticket system for it",
            },
        ],
        "escalation:esc_3": [boss],
        "escalation:esc_3:repeat:1": [boss],
    }
    held = escalated(clockwork)["escalation:esc_3"]
    assert (held["planned_at"], held["held_since"]) == (render(opening), ticket.at(90))
    assert "held until its hours opened" in held["message"]
    assert escalated(clockwork)["escalation:esc_3:repeat:1"]["repeat"] == 1
    found = await store.instances.get(ORGANIZATION, ticket.instance_id)
    assert found is not None
    assert {one.key.milestone: list(one.outcomes) for one in found.ledger if one.outcomes} == outcomes(state)
    loaded = await store.instances.load(ORGANIZATION, ticket.instance_id)
    assert loaded is not None
    [order_event] = [one for one in loaded.events if one.source == ENGINE]
    assert (order_event.team_id, found.ticket.team_id) == ("ops", "ops")


async def test_a_priority_that_a_step_sets_leads_to_another_target(clockwork: Clockwork) -> None:
    """Halfway through four hours the step makes the ticket urgent: one hour, which is over at once. The same step of
    the same clock orders it no second time."""
    step = {"id": "esc_1", "trigger": "approaching_breach", "trigger_percent": 50}
    rules = policy(
        {**step, "actions": [{"type": "set_priority", "priority": "urgent"}], "repeat_minutes": 5, "repeat_at_most": 2},
        targets=[
            {"type": "resolution", "priority": "high", "minutes": 240},
            {"type": "resolution", "priority": "urgent", "minutes": 60},
        ],
        on_change="retarget",
    )
    async with working(clockwork):
        ticket = await clockwork.open(frozen(rules))
        await ticket.go_to(131)
        state = await ticket.fired("resolution/breached", "resolution/escalation:esc_1:repeat:2")
    assert [one["outcome"] for [one] in outcomes(state).values()] == ["done", "done", "done"]
    assert [one.get("reason") for [one] in outcomes(state).values()] == [
        None,
        "the ticket has the priority already",
        "the ticket has the priority already",
    ]
    assert len(state["applied"]) == 2


async def test_a_step_that_finds_nobody_is_not_sent_where_it_asks_for_that(clockwork: Clockwork) -> None:
    named = {"trigger": "breached", "actions": [{"type": "notify_contact", "contact": "Tier1"}]}
    rules = policy({"id": "esc_1", **named}, {"id": "esc_2", **named, "skip_if_nobody": True})
    async with working(clockwork):
        ticket = await clockwork.open(frozen(rules))
        await ticket.go_to(61)
        await told(clockwork, "escalation:esc_1")
        state = await eventually(ticket.state, lambda now: len(outcomes(now)) == 2 and not now["undelivered"])
    assert list(escalated(clockwork)) == ["escalation:esc_1"]
    assert {name: one["outcome"] for name, [one] in outcomes(state).items()} == {
        "escalation:esc_1": "told_nobody",
        "escalation:esc_2": "skipped",
    }
    assert escalated(clockwork)["escalation:esc_1"]["outcomes"][0]["reason"] == "no contact is known as Tier1"


class AwayToday:
    async def find(self, organization: str, action: str, whom: str, at: Instant) -> Reach:
        raise StoreUnavailable(f"{action} of {whom} in {organization} at {at}")

    async def channels(self, organization: str, outcomes: Sequence[Mapping[str, Any]]) -> Found:
        return Found((), known=not outcomes and not organization)


async def test_a_notice_goes_out_though_those_whom_it_names_cannot_be_looked_up(clockwork: Clockwork) -> None:
    rules = policy(
        {
            "id": "esc_1",
            "trigger": "breached",
            "skip_if_nobody": True,
            "actions": [{"type": "notify_on_call", "on_call": "nights"}],
        }
    )
    async with working(clockwork, addressees=AwayToday()):
        ticket = await clockwork.open(frozen(rules))
        await ticket.go_to(61)
        [outcome] = (await told(clockwork, "escalation:esc_1"))["escalation:esc_1"]["outcomes"]
    assert outcome["outcome"] == "failed"
    assert outcome["reason"].startswith("could not be looked up at once, and is tried again: notify_on_call of nights")


async def test_what_one_instance_of_a_ticket_orders_the_other_is_told(clockwork: Clockwork) -> None:
    """The SLA's step at the breach reassigns the ticket, so that the stint of the OLA changes hands as well."""
    rules = policy({"id": "esc_1", "trigger": "breached", "actions": [{"type": "reassign", "team_id": "ops"}]})
    between_teams = policy(id="ola_1", kind="ola", targets=[{"type": "resolution", "minutes": 600}])
    async with working(clockwork):
        ticket = await clockwork.open(frozen(rules))
        document = {"ticket_id": ticket.instance_id.rpartition("_")[2], "kind": "ola", "team_id": "net"}
        owned = Catalog(ORGANIZATION, (between_teams,), {}, teams=TEAMS).snapshot(Ticket.from_json(document), "test")
        assert owned is not None
        other = await clockwork.open(owned)
        await ticket.go_to(61)
        order = f"{ORGANIZATION}/{ticket.instance_id}/resolution/1/escalation:esc_1/1/0"
        stints = (await other.applied(order))["plan"]["ownership"]["stints"]
    assert [one["team_id"] for one in stints] == ["net", "ops"]
