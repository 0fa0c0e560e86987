"""Scrubbe's document sentence by sentence: each is shown by a test that quotes it, or says nothing that could be shown.

A sentence, a table row or a printed request that is added there, or changed, is one that no test quotes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pytest
import sqlalchemy as sa

from domain.instants import HOUR, MINUTE, Instant, parse, render
from domain.policy.priorities import Priority
from store.schema import tables
from tests.support.clockwork import eventually

DOCUMENT = Path(__file__).parents[4] / "shared" / "seeds" / "scrubbe-sla-policies.txt"
TEXT = DOCUMENT.read_text() if DOCUMENT.exists() else ""

pytestmark = pytest.mark.skipif(not TEXT, reason="NO SEED: ../shared/seeds/scrubbe-sla-policies.txt is not here")

CONFIG, POLICIES, TICKETS = "/api/v1/ims/config", "/api/v1/sla-policies", "/api/v1/tickets"
ANALYTICS = f"{POLICIES}/analytics"
REQUEST = re.compile(r"^(GET|PUT|POST|PATCH|DELETE) (/\S+)\n(\{.*?^\})$", re.MULTILINE | re.DOTALL)
# Seconds: long enough to be in time, short enough to wait for.
RESPOND, RESOLVE = 2.0, 6.0

Test = TypeVar("Test", bound=Callable[..., Any])
Check = Callable[[Any], Awaitable[None]]


class Request(NamedTuple):
    method: str
    path: str
    body: Mapping[str, Any]


def printed() -> list[Request]:
    return [Request(method, path, json.loads(body)) for method, path, body in REQUEST.findall(TEXT)]


def printed_body(path: str) -> dict[str, Any]:
    return next(dict(one.body) for one in printed() if one.path == path)


def sentences() -> Iterator[str]:
    """Headings and rows of tables too, and the printed requests by their first line."""
    for line in REQUEST.sub(r"\1 \2", TEXT).splitlines():
        yield from filter(None, re.split(r"(?<=[.!?]) (?=[A-Z])", line.strip()))


SHOWN: dict[str, str] = {}
"""Each sentence that was quoted, and the test that shows it."""

NOTHING = {
    *("Skip to main content", "Documentation Index"),
    "Fetch the complete documentation index at: https://docs.scrubbe.com/llms.txt",
    "Use this file to discover all available pages before exploring further.",
    (
        "SLA policies are the mechanism that turns incident response from informal effort into measurable, accountable "
        "practice."
    ),
    *("Enabling SLA tracking", "Creating an SLA policy", "Policy fields", "How SLA tracking works", "Breach types"),
    *("Managing policies", "SLA policy analytics"),
    *("FieldDescription", "Breach typeMeaning", "OperationEndpoint"),
}
"""Headings, the page's own navigation, and one opinion."""


def shows(*quoted: str) -> Callable[[Test], Test]:
    def note(test: Test) -> Test:
        SHOWN.update(dict.fromkeys(quoted, test.__name__))
        return test

    return note


def test_every_sentence_of_the_document_is_shown_and_every_quotation_is_in_it() -> None:
    there = list(sentences())
    assert [sentence for sentence in there if sentence not in SHOWN and sentence not in NOTHING] == []
    assert sorted({*SHOWN, *NOTHING} - set(there)) == []
    assert not SHOWN.keys() & NOTHING
    assert len(there) == 55


def test_the_printed_requests_were_read() -> None:
    assert [(one.method, one.path) for one in printed()] == [("PUT", CONFIG), ("POST", POLICIES)]
    assert len(re.findall(r"^\{", TEXT, re.MULTILINE)) == len(printed())


async def enable(api: Any, escalate: bool = True) -> None:
    answer = await api.http.put(CONFIG, json={"slaEnabled": True, "autoEscalate": escalate})
    assert answer.status_code == 200, answer.text


async def a_policy(api: Any, **changes: Any) -> dict[str, Any]:
    """The printed one, with changes."""
    answer = await api.http.post(POLICIES, json={**printed_body(POLICIES), **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def a_brief_policy(api: Any, **changes: Any) -> dict[str, Any]:
    """The printed one with windows of seconds."""
    return await a_policy(api, **{"responseTimeMinutes": RESPOND / 60, "resolveTimeMinutes": RESOLVE / 60, **changes})


async def a_ticket(api: Any, status: str = "OPEN", priority: str = "CRITICAL") -> dict[str, Any]:
    answer = await api.http.post(TICKETS, json={"title": "Down", "priority": priority, "status": status})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def patch(api: Any, ticket: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    answer = await api.http.patch(f"{TICKETS}/{ticket['id']}", json=changes)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def get(api: Any, ticket: Mapping[str, Any]) -> dict[str, Any]:
    return dict((await api.http.get(f"{TICKETS}/{ticket['id']}")).json())


async def marked(api: Any, ticket: Mapping[str, Any], breach_type: str) -> dict[str, Any]:
    """The ticket once it is marked so; fails when that does not come."""
    shown: dict[str, Any] = await eventually(lambda: get(api, ticket), lambda one: one["slaBreachType"] == breach_type)
    return shown


async def notices(api: Any, ticket: Mapping[str, Any], type_: str, count: int) -> list[dict[str, Any]]:
    """The notices of a type that the ticket's instance has sent, once there are so many."""
    own = sa.and_(
        tables.notices.c.organization == api.organization,
        tables.notices.c.instance_id == f"inst_sla_ticket_{ticket['id']}",
    )

    async def sent() -> list[dict[str, Any]]:
        docs = await api.dependencies.store.database.read(
            lambda conn: list(conn.scalars(sa.select(tables.notices.c.doc).where(own)))
        )
        return sorted((doc for doc in docs if doc["type"] == type_), key=lambda doc: doc["time"])

    found: list[dict[str, Any]] = await eventually(sent, lambda found: len(found) >= count)
    return found


def targets(found: list[dict[str, Any]]) -> list[str]:
    return [notice["data"]["target"] for notice in found]


@shows(
    f"PUT {CONFIG}",
    "SLA tracking is controlled by your IMS configuration.",
    "Set slaEnabled to true to activate it, and set autoEscalate to true to let Scrubbe escalate breached incidents "
    "without manual intervention:",
)
async def test_the_printed_configuration_activates_what_was_off(api: Any) -> None:
    await a_policy(api)
    assert (await api.http.get(CONFIG)).json() == {"slaEnabled": False, "autoEscalate": False}
    assert (await a_ticket(api, "NEW"))["slaPolicyId"] is None
    answer = await api.http.put(CONFIG, json=printed_body(CONFIG))
    assert (answer.status_code, answer.json()) == (200, printed_body(CONFIG))
    assert (await api.http.get(CONFIG)).json() == printed_body(CONFIG) == {"slaEnabled": True, "autoEscalate": True}
    assert (await a_ticket(api, "NEW"))["slaPolicyId"] is not None


@shows(
    f"POST {POLICIES}",
    "An SLA policy in Scrubbe defines the time targets your team commits to for acknowledging and resolving incidents "
    "at a given priority level.",
)
async def test_the_printed_policy_is_created_as_printed_and_is_what_a_ticket_of_its_priority_gets(api: Any) -> None:
    body = printed_body(POLICIES)
    policy = await a_policy(api)
    assert {name: policy[name] for name in body} == body
    assert (await api.http.get(f"{POLICIES}/{policy['id']}")).json() == policy
    await enable(api)
    ticket = await a_ticket(api, "NEW", body["priority"])
    assert (ticket["slaPolicyId"], ticket["slaResponseTimeMinutes"], ticket["slaResolveTimeMinutes"]) == (
        policy["id"],
        body["responseTimeMinutes"],
        body["resolveTimeMinutes"],
    )


@shows(
    "Once SLA tracking is enabled for your organization, Scrubbe measures every open incident against the matching "
    "policy, notifies your team when targets are at risk, and can automatically escalate incidents that breach their "
    "thresholds."
)
async def test_once_enabled_an_open_incident_is_measured_its_team_is_told_and_its_breach_escalates(api: Any) -> None:
    policy = await a_brief_policy(api)
    await api.with_worker()
    ticket = await a_ticket(api)
    assert ticket["slaPolicyId"] is None
    await enable(api)
    assert (await get(api, ticket))["slaPolicyId"] == policy["id"]
    warnings = await notices(api, ticket, "sla.halfway", 1)
    assert warnings[0]["data"]["applicable_team"] == policy["applicableTeam"]
    assert targets(await notices(api, ticket, "sla.escalated", 1))[:1] == ["first_response"]


@shows(
    "When autoEscalate is true, Scrubbe routes a breached incident to the escalationContact defined in the matching "
    "SLA policy."
)
@pytest.mark.parametrize("on", [True, False])
async def test_a_breach_is_routed_to_the_contact_of_the_policy_when_auto_escalate_is_true(api: Any, on: bool) -> None:
    await a_brief_policy(api, resolveTimeMinutes=60)
    await enable(api, escalate=on)
    await api.with_worker()
    ticket = await a_ticket(api)
    await notices(api, ticket, "sla.breached", 1)
    fired = await eventually(lambda: step(api, ticket), bool)
    shown = await get(api, ticket)
    assert (shown["escalatedTo"], shown["escalatedAt"]) == (("Tier1", fired) if on else (None, None))
    routed = [one["data"]["escalation"]["actions"] for one in await notices(api, ticket, "sla.escalated", int(on))]
    assert routed == [[{"type": "escalate", "contact": "Tier1"}]] * on


async def step(api: Any, ticket: Mapping[str, Any]) -> Any:
    """When the instance came to the step that routes, whether it was switched off then or not."""
    seen = (await api.get(f"/instances/inst_sla_ticket_{ticket['id']}")).json()["targets"]["first_response"]
    return next(one["fired_at"] for one in seen["milestones"] if one["name"] == "escalation:auto")


async def name_is_a_label(api: Any) -> None:
    assert (await a_policy(api, name="A label: for humans"))["name"] == "A label: for humans"
    refused = await api.http.post(POLICIES, json={**printed_body(POLICIES), "priority": "LOW", "name": ""})
    assert (refused.status_code, refused.json()["field"]) == (422, "name")


async def priority_is_one_of_four(api: Any) -> None:
    row = next(row for row in FIELDS if row.startswith("priority"))
    named = re.findall(r"[A-Z]{3,}", row)
    assert sorted(named) == sorted(Priority)
    await enable(api)
    for priority in named:
        policy = await a_policy(api, priority=priority)
        assert (await a_ticket(api, "NEW", priority))["slaPolicyId"] == policy["id"]
    refused = await api.http.post(POLICIES, json={**printed_body(POLICIES), "priority": "URGENT"})
    assert (refused.status_code, refused.json()["field"], refused.json()["value"]) == (422, "priority", "URGENT")


async def team_is_named_to_receivers(api: Any) -> None:
    """An email or any other identifier; it decides nothing about which tickets the policy is for."""
    await a_brief_policy(api, applicableTeam="oncall@example.com")
    await a_brief_policy(api, priority="LOW", applicableTeam="team-7")
    await enable(api)
    await api.with_worker()
    for priority, team in (("CRITICAL", "oncall@example.com"), ("LOW", "team-7")):
        ticket = await a_ticket(api, priority=priority)
        for type_ in ("sla.halfway", "sla.breached", "sla.escalated"):
            assert (await notices(api, ticket, type_, 1))[0]["data"]["applicable_team"] == team


async def response_window_is_from_open_to_acknowledged(api: Any) -> None:
    await windows(api, "slaResponseDueAt", 15, "RESPONSE_BREACH", before=(), in_time="ACKNOWLEDGED")


async def resolve_window_is_from_open_to_resolved(api: Any) -> None:
    await windows(api, "slaResolveDueAt", 60, "RESOLVE_BREACH", before=("ACKNOWLEDGED",), in_time="RESOLVED")


async def windows(
    api: Any, field: str, minutes: int, breach_type: str, *, before: tuple[str, ...], in_time: str
) -> None:
    """It is not breached a moment before its due, and is at it unless the status was taken."""
    await a_policy(api)
    await enable(api)
    await api.with_worker()
    missed, kept = await a_ticket(api), await a_ticket(api)
    for ticket in (missed, kept):
        for status in before:
            await patch(api, ticket, status=status)
    await patch(api, kept, status=in_time)
    due = parse(missed[field])
    assert due == parse(missed["openedAt"]) + minutes * MINUTE
    for at, expected in ((Instant(due - 1), "NONE"), (due, breach_type)):
        api.use(now=lambda at=at: at)
        assert (await get(api, missed))["slaBreachType"] == expected
        assert (await get(api, kept))["slaBreachType"] == "NONE"


async def response_threshold_is_compared(api: Any) -> None:
    await thresholds(api, "response")


async def resolve_threshold_is_compared(api: Any) -> None:
    await thresholds(api, "resolve")


async def thresholds(api: Any, name: str) -> None:
    """One of two tickets in time: fifty percent, which is less than ninety and not less than fifty."""
    policy = await a_policy(api, responseTimeMinutes=RESPOND / 60, resolveTimeMinutes=1.5 * RESPOND / 60)
    await enable(api)
    await api.with_worker()
    missed, kept = await a_ticket(api), await a_ticket(api)
    await patch(api, kept, status="RESOLVED")
    await marked(api, missed, "BOTH")
    field = f"{name}Threshold"
    assert policy[field] == printed_body(POLICIES)[field] > 50
    shown = await eventually(lambda: compliance(api), lambda one: one[f"{name}Compliance"] is not None)
    assert (shown[f"{name}Compliance"], shown[field], shown[f"{name}Compliant"]) == (50.0, policy[field], False)
    lower = {**{one: policy[one] for one in printed_body(POLICIES)}, field: 50}
    assert (await api.http.put(f"{POLICIES}/{policy['id']}", json=lower)).status_code == 200
    assert (await compliance(api))[f"{name}Compliant"] is True


async def compliance(api: Any) -> dict[str, Any]:
    (shown,) = (await api.http.get(ANALYTICS)).json()["policies"]
    return dict(shown)


async def contact_is_told_of_breaches(api: Any) -> None:
    """A person or a team; nobody is told where none is named."""
    await a_brief_policy(api, escalationContact="Ada Lovelace")
    await a_brief_policy(api, priority="LOW", escalationContact=None)
    await enable(api)
    await api.with_worker()
    routed, unrouted = await a_ticket(api), await a_ticket(api, priority="LOW")
    (escalated, *_) = await notices(api, routed, "sla.escalated", 1)
    assert "to Ada Lovelace" in escalated["data"]["message"]
    assert (await marked(api, unrouted, "BOTH"))["escalatedTo"] is None
    assert targets(await notices(api, unrouted, "sla.breached", 2)) == ["first_response", "resolution"]
    assert await notices(api, unrouted, "sla.escalated", 0) == []


async def uptime_target_is_of_its_priority(api: Any) -> None:
    await a_policy(api)
    assert (await api.http.get(ANALYTICS)).status_code == 200
    tiers = {tier["priority"]: tier for tier in (await api.http.get(ANALYTICS)).json()["uptime"]}
    shown = {priority: tier["uptimeTarget"] for priority, tier in tiers.items()}
    assert shown == {"CRITICAL": 99.9, "HIGH": None, "MEDIUM": None, "LOW": None}
    # A thousandth of a month of 28 to 31 days.
    assert 28 * 1.44 <= tiers["CRITICAL"]["allowedDowntimeMinutes"] <= 31 * 1.44


FIELDS: Mapping[str, Check] = {
    "nameHuman-readable label for the policy": name_is_a_label,
    "priorityThe incident priority this policy applies to: LOW, MEDIUM, HIGH, or CRITICAL": priority_is_one_of_four,
    "applicableTeamEmail or identifier of the team this policy governs": team_is_named_to_receivers,
    "responseTimeMinutesMaximum minutes from OPEN to ACKNOWLEDGED before the response SLA breaches": (
        response_window_is_from_open_to_acknowledged
    ),
    "responseThresholdTarget compliance rate as a percentage (e.g. 90 means 90% of incidents must be acknowledged "
    "within the response time)": response_threshold_is_compared,
    "resolveTimeMinutesMaximum minutes from OPEN to RESOLVED before the resolve SLA breaches": (
        resolve_window_is_from_open_to_resolved
    ),
    "resolveThresholdTarget compliance rate as a percentage": resolve_threshold_is_compared,
    "escalationContactName or identifier of the person or team to notify on breach (used when autoEscalate is "
    "enabled)": contact_is_told_of_breaches,
    "uptimeTargetTarget uptime percentage for this priority tier (e.g. 99.9)": uptime_target_is_of_its_priority,
}


@shows(*FIELDS)
@pytest.mark.parametrize("row", FIELDS, ids=lambda row: str(row)[:20])
async def test_a_field_means_what_its_row_says(api: Any, row: str) -> None:
    await FIELDS[row](api)


def test_the_rows_of_the_field_tables_are_the_fields_of_the_printed_policy() -> None:
    names = [next(name for name in printed_body(POLICIES) if row.startswith(name)) for row in FIELDS]
    assert sorted(names) == sorted(printed_body(POLICIES))


BREACHES: Mapping[str, tuple[str, str, bool]] = {
    "NONENo SLA has been breached on this ticket": ("NONE", "ACKNOWLEDGED", True),
    "RESPONSE_BREACHThe ticket was not acknowledged within responseTimeMinutes": ("RESPONSE_BREACH", "", True),
    "RESOLVE_BREACHThe ticket was not resolved within resolveTimeMinutes": ("RESOLVE_BREACH", "ACKNOWLEDGED", False),
    "BOTHBoth the response and resolution windows were exceeded": ("BOTH", "", False),
}
"""By their rows: the type, the status that is taken at once, and whether the ticket is resolved in time."""


@shows(
    *BREACHES,
    "If the window closes without the required status transition, the ticket is marked as breached.",
    "The current breach state is visible on each ticket in the slaBreachType field.",
)
async def test_a_window_that_closes_without_its_status_marks_the_ticket_with_the_type_of_its_row(api: Any) -> None:
    """All four at once, in real time; the type shows in the ticket and in the list."""
    await a_brief_policy(api)
    await enable(api)
    await api.with_worker()
    tickets = {}
    for type_, at_once, _ in BREACHES.values():
        tickets[type_] = await a_ticket(api)
        if at_once:
            await patch(api, tickets[type_], status=at_once)
    await marked(api, tickets["RESPONSE_BREACH"], "RESPONSE_BREACH")
    for type_, _, in_time in BREACHES.values():
        if in_time:
            await patch(api, tickets[type_], status="RESOLVED")
    await marked(api, tickets["BOTH"], "BOTH")
    for type_, ticket in tickets.items():
        assert (await get(api, ticket))["slaBreachType"] == type_

    async def listed() -> dict[str, str]:
        return {one["id"]: one["slaBreachType"] for one in (await api.http.get(TICKETS)).json()}

    expected = {ticket["id"]: type_ for type_, ticket in tickets.items()}
    await eventually(listed, lambda shown: shown == expected)


def test_the_rows_of_the_breach_types_name_the_types_that_a_ticket_can_show() -> None:
    for row, (type_, _, _) in BREACHES.items():
        assert row.startswith(type_)
    assert len({type_ for type_, _, _ in BREACHES.values()}) == len(BREACHES)


OPERATIONS: Mapping[str, int] = {
    f"List all policiesGET {POLICIES}": 200,
    f"Get a specific policyGET {POLICIES}/:id": 200,
    f"Update a policyPUT {POLICIES}/:id": 200,
    f"Delete a policyDELETE {POLICIES}/:id": 204,
    f"View SLA analyticsGET {ANALYTICS}": 200,
}


@shows(*OPERATIONS)
@pytest.mark.parametrize("row", OPERATIONS, ids=lambda row: str(row).partition("/")[0])
async def test_an_operation_of_the_table_works(api: Any, row: str) -> None:
    policy = await a_policy(api)
    found = re.fullmatch(r".*?(GET|PUT|DELETE) (/\S+)", row)
    assert found is not None
    method, path = found[1], found[2].replace(":id", policy["id"])
    changed = {**printed_body(POLICIES), "name": "Another", "responseTimeMinutes": 7.5}
    answer = await api.http.request(method, path, json=changed if method == "PUT" else None)
    assert answer.status_code == OPERATIONS[row], answer.text
    after = await api.http.get(f"{POLICIES}/{policy['id']}")
    if method == "DELETE":
        assert (after.status_code, (await api.http.get(POLICIES)).json()) == (404, [])
    elif method == "PUT":
        assert {name: answer.json()[name] for name in changed} == changed
        assert after.json() == answer.json()
    elif path == POLICIES:
        assert answer.json() == [policy]
    elif path != ANALYTICS:
        assert answer.json() == policy


@shows(
    "When a ticket is created with a given priority, Scrubbe looks up the SLA policy for that priority and sets "
    "slaResponseTimeMinutes and slaResolveTimeMinutes on the ticket.",
    "Timers start when the ticket status becomes OPEN.",
)
async def test_a_ticket_gets_its_minutes_when_it_is_created_and_its_timers_when_it_becomes_open(api: Any) -> None:
    for priority, respond, resolve in (("LOW", 30, 90), ("HIGH", 5, 20)):
        await a_policy(api, priority=priority, responseTimeMinutes=respond, resolveTimeMinutes=resolve)
    await enable(api)
    for priority, respond, resolve in (("LOW", 30, 90), ("HIGH", 5, 20)):
        ticket = await a_ticket(api, "NEW", priority)
        assert (ticket["slaResponseTimeMinutes"], ticket["slaResolveTimeMinutes"]) == (respond, resolve)
        assert (ticket["slaResponseDueAt"], ticket["slaResolveDueAt"]) == (None, None)
        opened = await patch(api, ticket, status="OPEN")
        at = parse(opened["openedAt"])
        due = (render(Instant(at + respond * MINUTE)), render(Instant(at + resolve * MINUTE)))
        assert (opened["slaResponseDueAt"], opened["slaResolveDueAt"]) == due


@shows("Scrubbe sends a warning notification at the halfway mark for both the response and resolution windows.")
async def test_a_warning_is_sent_at_the_halfway_mark_of_both_windows_and_at_no_other(api: Any) -> None:
    await a_brief_policy(api)
    await enable(api)
    await api.with_worker()
    ticket = await a_ticket(api)
    warnings = await notices(api, ticket, "sla.halfway", 2)
    opened = parse(ticket["openedAt"])
    halves = [render(Instant(opened + round(seconds * 500_000))) for seconds in (RESPOND, RESOLVE)]
    assert [(notice["data"]["target"], notice["time"]) for notice in warnings] == [
        ("first_response", halves[0]),
        ("resolution", halves[1]),
    ]
    await notices(api, ticket, "sla.breached", 2)
    assert await notices(api, ticket, "sla.at_risk", 0) == []


@shows("SLA timers run in real time.")
async def test_timers_run_through_the_night_and_the_weekend(api: Any) -> None:
    await a_policy(api)
    await enable(api)
    api.use(now=lambda: parse("2026-03-07T23:30:00Z"))
    ticket = await a_ticket(api)
    assert (ticket["slaResponseDueAt"], ticket["slaResolveDueAt"]) == ("2026-03-07T23:45:00Z", "2026-03-08T00:30:00Z")


@shows(
    "If you update a ticket\u2019s priority after creation, the ticket continues to track against the originally "
    "assigned SLA targets — not the targets of the new priority.",
    "Update priority before the response window closes to avoid unexpected breaches.",
)
async def test_a_ticket_whose_priority_changes_breaches_when_its_original_window_closes(api: Any) -> None:
    await a_policy(api)
    await a_policy(api, priority="LOW", responseTimeMinutes=600, resolveTimeMinutes=6000)
    await enable(api)
    ticket = await a_ticket(api)
    changed = await patch(api, ticket, priority="LOW")
    assert changed == {**ticket, "priority": "LOW", "updatedAt": changed["updatedAt"]}
    later = Instant(parse(ticket["openedAt"]) + HOUR)
    api.use(now=lambda: later)
    assert (await get(api, ticket))["slaBreachType"] == "BOTH"


@shows(
    "GET /api/v1/sla-policies/analytics returns compliance data across your policies — breach counts by priority, "
    "average response and resolution times, and compliance rates against your configured thresholds.",
    "Use this endpoint to identify which priority tiers need staffing or process changes.",
)
async def test_analytics_show_which_priority_is_breached_how_long_it_takes_and_who_keeps_to_the_thresholds(
    api: Any,
) -> None:
    """Both tickets have been open for ten minutes when they are resolved."""
    await a_policy(api, responseTimeMinutes=5, resolveTimeMinutes=8)
    await a_policy(api, priority="LOW")
    await enable(api)
    await api.with_worker()
    api.use(now=lambda: Instant(api.dependencies.now() - 10 * MINUTE))
    tickets = [await a_ticket(api, priority=priority) for priority in ("CRITICAL", "LOW")]
    api.use(now=api.dependencies.now)
    for ticket in tickets:
        await patch(api, ticket, status="RESOLVED")

    async def analytics() -> dict[str, Any]:
        return dict((await api.http.get(ANALYTICS)).json())

    shown = await eventually(analytics, lambda one: all(policy["averageResolveMinutes"] for policy in one["policies"]))
    assert shown["breachesByPriority"] == {"CRITICAL": 2, "HIGH": 0, "MEDIUM": 0, "LOW": 0}
    for one in (shown, *shown["policies"]):
        assert one["averageResponseMinutes"] == pytest.approx(10, abs=0.5)
        assert one["averageResolveMinutes"] == pytest.approx(10, abs=0.5)
    tiers = {policy["priority"]: policy for policy in shown["policies"]}
    told = {
        priority: [tier[f"{name}{word}"] for name in ("response", "resolve") for word in ("Compliance", "Compliant")]
        for priority, tier in tiers.items()
    }
    assert told == {"CRITICAL": [0.0, False, 0.0, False], "LOW": [100.0, True, 100.0, True]}


@shows(
    "Define one policy per priority level (LOW, MEDIUM, HIGH, CRITICAL) to ensure every incident has a matching target."
)
async def test_with_one_policy_a_priority_every_incident_has_a_target_and_a_second_one_is_refused(api: Any) -> None:
    await enable(api)
    policies = {priority: await a_policy(api, priority=priority) for priority in Priority}
    for priority, policy in policies.items():
        assert (await a_ticket(api, "NEW", priority))["slaPolicyId"] == policy["id"]
        second = await api.http.post(POLICIES, json={**printed_body(POLICIES), "priority": priority})
        assert (second.status_code, second.json()["field"], second.json()["value"]) == (409, "priority", policy["id"])


@shows("Incidents with a priority that has no matching policy will not have SLA timers set automatically.")
async def test_an_incident_whose_priority_has_no_policy_has_no_timers(api: Any) -> None:
    await a_policy(api)
    await enable(api)
    ticket = await a_ticket(api, priority="LOW")
    timers = ("slaPolicyId", "slaResponseTimeMinutes", "slaResolveTimeMinutes", "slaResponseDueAt", "slaResolveDueAt")
    assert {ticket[name] for name in (*timers, "instanceId")} == {None}
    assert (await api.get("/instances")).json()["total"] == 0
