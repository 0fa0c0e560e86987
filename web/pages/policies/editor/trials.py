"""A policy that is not saved, tried on a ticket that is not opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidValue
from domain.ids import Kind
from domain.policy.policies import Policy
from domain.ticket.tickets import Ticket
from service.dependencies import Dependencies
from service.policies.ids import with_ids
from service.policies.patch import patched_policy
from service.policies.trying import try_ticket
from store.access.organizations import Organization
from store.rules.policies import StoredPolicy
from web.http.forms import Draft, text
from web.pages.bodies import InstanceBody, PolicyBody, PolicyPatch, read_as
from web.pages.policies import reading
from web.pages.policies.trial import view
from web.pages.policies.trial.drafts import document_of

TRIAL = "trial"
FIELDS = f"{TRIAL}.fields"


def drafted(stored: StoredPolicy | None, kind: Kind, document: Mapping[str, Any]) -> Policy:
    """The policy that the document would make. Raises what saving it would raise for its form."""
    if stored is None:
        return Policy.from_json({**with_ids(read_as(PolicyBody, document), kind), "kind": kind.value})
    return patched_policy(stored.policy, read_as(PolicyPatch, document))


async def outcome_of_draft(
    deps: Dependencies, organization: Organization, policy: Policy, typed: Draft
) -> view.Outcome:
    """Raises InvalidValue, and Conflict for business hours that the organization does not have."""
    rows = [_field(one) for one in text(typed, "fields").split(",") if one.strip()]
    asked = {"priority": text(typed, "priority"), "kind": policy.kind.value, "fields": rows}
    ticket = Ticket.from_json(read_as(InstanceBody, document_of(asked)))
    names = await reading.names_of(deps, organization)
    return view.outcome_of(await try_ticket(deps, organization.id, ticket, draft=policy), names)


def _field(one: str) -> Draft:
    name, colon, value = one.partition(":")
    if not colon or not name.strip():
        raise InvalidValue(FIELDS, one.strip()[:80], "must be fields such as customer.tier: gold, with commas between")
    return {"name": name.strip(), "value": value.strip()}
