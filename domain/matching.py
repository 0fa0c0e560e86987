"""Which policy a ticket gets: the first enabled one, top to bottom, whose conditions hold."""

from __future__ import annotations

from collections.abc import Iterable

from domain.policies import Policy
from domain.tickets import Ticket


def first_match(policies: Iterable[Policy], ticket: Ticket) -> Policy | None:
    """`policies` in evaluation order; only those of the ticket's kind (sla, ola) and origin (v1, v2) are asked."""
    own = (ticket.instance.kind, ticket.origin)
    return next((policy for policy in policies if (policy.kind, policy.origin) == own and policy.matches(ticket)), None)
