"""Which policy a ticket gets: the first enabled one, top to bottom, whose conditions hold."""

from __future__ import annotations

from collections.abc import Iterable

from domain.policy.policies import Policy
from domain.ticket.tickets import Ticket


def first_match(policies: Iterable[Policy], ticket: Ticket) -> Policy | None:
    """The first of the policies, in evaluation order, that is asked and matches; None when no policy does."""
    return next((policy for policy in policies if is_asked(policy, ticket) and policy.matches(ticket)), None)


def is_asked(policy: Policy, ticket: Ticket) -> bool:
    """Whether the policy has the ticket's kind (sla, ola) and origin (v1, v2)."""
    return (policy.kind, policy.origin) == (ticket.instance.kind, ticket.origin)
