"""What the page reads: the store alone, no workflow is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.instants import HOUR, LATEST, Instant, from_datetime
from domain.plan.status import InstanceStatus
from service.dependencies import Dependencies
from service.tools.cursors import cursor_of, place_of
from store.access.organizations import Organization
from store.instances.filters import Filters
from store.instances.instances import StoredInstance
from store.lists.listed import ListPart
from store.store import Store
from web.pages.due_next.narrowing import DueNextFilters

PAGE = 50
MOST_PAUSED = 20
ORDER = "due-next"
EVER = from_datetime(LATEST)


@dataclass(frozen=True, slots=True)
class Figures:
    overdue: int
    at_risk: int
    within_the_hour: int
    paused: int
    failing_receivers: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be filtered by: (value, name)."""

    teams: Sequence[tuple[str, str]]
    policies: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Found:
    figures: Figures
    due: Sequence[StoredInstance]
    total: int
    next_cursor: str
    paused: Sequence[StoredInstance]
    choices: Choices
    team_names: Mapping[str, str]
    has_policies: bool
    has_receivers: bool


@dataclass(frozen=True, slots=True)
class DemoOffer:
    """`is_there`: it runs already."""

    is_there: bool


async def find(store: Store, organization: Organization, query: DueNextFilters, now: Instant) -> Found:
    """Raises InvalidValue for a cursor that is none."""
    instances, owner = store.instances, organization.id
    narrowed = _filters(query)
    after = place_of(query.cursor, ORDER) if query.cursor else None

    async def count(more: Filters) -> int:
        counted: Filters = {**narrowed, **more}
        return (await instances.page(owner, limit=1, as_of=now, **counted)).total

    with_due: Filters = {**narrowed, "due_before": EVER}
    on_hold: Filters = {**narrowed, "status": InstanceStatus.PAUSED}
    due = await instances.page(owner, limit=PAGE, after=after, as_of=now, **with_due)
    paused = await instances.page(owner, limit=MOST_PAUSED, as_of=now, **on_hold)
    teams = (await store.teams.list(owner, ListPart(200))).rows
    policies = (await store.policies.list(owner, None, ListPart(200))).rows
    receivers = (await store.receivers.list(owner, ListPart(200))).rows
    names = list(dict.fromkeys(one.policy.name for one in policies))
    return Found(
        figures=Figures(
            overdue=await count({"is_overdue": True}),
            at_risk=await count({"at_risk": True}),
            within_the_hour=await count({"due_after": now, "due_before": Instant(now + HOUR)}),
            paused=paused.total,
            failing_receivers=sum(one.receiver.disabled_because is not None for one in receivers),
        ),
        due=due.rows,
        total=due.total,
        next_cursor="" if due.last is None else cursor_of(ORDER, due.last),
        paused=[] if query.cursor else paused.rows,
        choices=Choices([(one.team.id, one.team.name) for one in teams], [(name, name) for name in names]),
        team_names={one.team.id: one.team.name for one in teams},
        has_policies=bool(policies),
        # Of a demo nobody is to be told.
        has_receivers=bool(receivers) or organization.demo_of is not None,
    )


async def demo_offer(deps: Dependencies, organization: Organization, found: Found) -> DemoOffer | None:
    """Where there is no policy, or a demo that runs already; never in a demo."""
    if organization.demo_of is not None:
        return None
    is_there = await deps.store.organizations.demo_of(organization.id) is not None
    return DemoOffer(is_there) if is_there or not found.has_policies else None


def _filters(query: DueNextFilters) -> Filters:
    return Filters(
        search=query.q or None,
        team_id=query.team or None,
        priority=query.priority or None,
        policy_name=query.policy or None,
        assignee=query.assignee or None,
    )
