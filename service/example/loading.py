"""Putting the example's rules into an organization."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from importlib.resources import files
from typing import Any

import yaml

from domain.access.subscriptions import Subscription
from domain.errors import Conflict
from domain.ids import Kind
from domain.ticket.teams import Team
from service.business_hours.changing import create_hours
from service.dependencies import Dependencies
from service.policies.editing import create_policy
from store.access.keys import KeyOwner
from store.lists.listed import ListPart
from store.rules.policies import StoredPolicy


def example_rules() -> Mapping[str, Any]:
    """`business_hours`, `teams`, `policies` and `internal_policies`, each in the shape that the API takes."""
    rules: Mapping[str, Any] = yaml.safe_load((files(__package__) / "rules.yaml").read_text("utf-8"))
    return rules


async def load_example(deps: Dependencies, owner: KeyOwner) -> list[StoredPolicy]:
    """The policies that were made, with business hours and teams of the example; the default hours stay as they are.

    What the organization's plan does not hold is left out. Teams that are there stay. Raises Conflict for an
    organization that has policies.
    """
    if (await deps.store.policies.list(owner.organization, None, ListPart(1))).total:
        raise Conflict("The organization has policies already; the example is for one that has none.")
    rules = example_rules()
    hours = await create_hours(deps, owner, rules["business_hours"])
    for team in rules["teams"]:
        with suppress(Conflict):
            await deps.store.teams.create(owner.organization, Team.from_json(team))
    has_enterprise = owner.subscription.covers(Subscription.ENTERPRISE)
    listed = [(Kind.SLA, one) for one in rules["policies"]]
    listed += [(Kind.OLA, one) for one in rules["internal_policies"] if has_enterprise]
    return [await create_policy(deps, owner, kind, _fitted(one, hours.id, has_enterprise)) for kind, one in listed]


def _fitted(policy: Mapping[str, Any], hours_id: str, has_enterprise: bool) -> Mapping[str, Any]:
    given = dict(policy)
    if given.get("business_hours") is True:
        given["business_hours_id"] = hours_id
    if not has_enterprise:
        given.pop("escalations", None)
    return given
