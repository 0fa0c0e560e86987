"""What a ticket would be promised if it opened now: which policy, why not another one, and when it would be due."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import takewhile

from domain.instants import Instant
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.catalog import Catalog
from domain.policy.match_record import CheckedCondition, PassedPolicy
from domain.policy.matching import is_asked
from domain.policy.policies import Policy
from domain.policy.snapshot import Snapshot
from domain.ticket.events import Event, EventKind
from domain.ticket.tickets import Ticket
from service.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome for a ticket: `snapshot` is None where no policy matches, `plan` also where the one that does
    promises nothing for the ticket. `passed` are the policies that were asked and did not match, top to bottom, and
    `not_asked` the names of those below the one that did."""

    ticket: Ticket
    opened_at: Instant
    snapshot: Snapshot | None
    plan: Plan | None
    held: tuple[CheckedCondition, ...]
    passed: tuple[PassedPolicy, ...]
    not_asked: tuple[str, ...]


async def try_ticket(
    deps: Dependencies,
    organization: str,
    ticket: Ticket,
    opened_at: Instant | None = None,
    draft: Policy | None = None,
) -> Trial:
    """Nothing is written. Raises InvalidValue and WorkingTimeExhausted for what could not be opened.

    `draft` stands in for the policy of its id, or behind all others where there is none.
    """
    catalog = await deps.store.catalog(organization)
    if draft is not None:
        catalog = with_draft(catalog, draft)
    at = deps.now() if opened_at is None else opened_at
    # Planning walks over dates, and other requests need not wait for that.
    return await asyncio.to_thread(_tried, catalog, ticket, at, deps.tzdata_version)


def with_draft(catalog: Catalog, draft: Policy) -> Catalog:
    if not any(one.id == draft.id for one in catalog.policies):
        return replace(catalog, policies=(*catalog.policies, draft))
    return replace(catalog, policies=tuple(draft if one.id == draft.id else one for one in catalog.policies))


def _tried(catalog: Catalog, ticket: Ticket, at: Instant, tzdata_version: str) -> Trial:
    snapshot = catalog.snapshot(ticket, tzdata_version)
    asked = [policy for policy in catalog.policies if is_asked(policy, ticket)]
    chosen = None if snapshot is None else snapshot.policy
    passed = list(takewhile(lambda one: chosen is None or one.id != chosen.id, asked))
    attributes = ticket.attributes
    planned = None
    if snapshot is not None and snapshot.targets:
        planned = plan(snapshot, (Event(EventKind.OPENED, "trial", at, at),))
    return Trial(
        ticket,
        at,
        snapshot,
        planned,
        () if chosen is None else tuple(CheckedCondition.of(one, attributes) for one in chosen.conditions),
        tuple(PassedPolicy.of(policy, attributes) for policy in passed),
        tuple(one.name for one in asked[len(passed) + 1 :]),
    )
