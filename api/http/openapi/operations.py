"""Operations as the OpenAPI document names and groups them."""

from __future__ import annotations

from fastapi.routing import APIRoute

from api.http.prefixes import V2

OLA = f"{V2}/ola/"

TAGS: dict[str, str] = {
    "Instances": "An SLA or OLA on one ticket: its clocks, what they promise, commands that say what has happened, and "
    "its record, which no later step changes.",
    "Events": "What a ticket system has to tell, one event at a time or a thousand: tickets open, change and close.",
    "Business hours": "When a desk works, with holidays, versions of old, and the days that come of them.",
    "Teams": "Who has a ticket, who leads them, and in which hours they are measured.",
    "Receivers": "Who is told of what happens, and through which channel: webhooks, mail, chat.",
    "Templates": "In which words an organization's channels speak.",
    "Deliveries": "What became of each notice on each channel: tried, taken, given up, and sent once more.",
    "Contacts": "People and groups whom escalations name, and the channels by which they are reached.",
    "On-call": "Who is on call: members who take turns, or the events of a calendar, and who takes over for a while.",
    "Preview": "When something would be due, without a ticket.",
    "Policies": "What is promised to which tickets. The first policy that matches a ticket applies.",
    "Targets": "A promise of a policy: which clock, for which priority, how long.",
    "Escalations": "What a policy lets happen before and after a breach.",
    "OLA policies": "The same between teams (plan Enterprise): the clocks of each run while it has the ticket.",
    "OLA targets": "A promise that a team makes to the others.",
    "OLA escalations": "What happens before and after a team breaks its promise.",
    "Replans": "Other rules for open tickets, or hours in which the house was closed after all; with a preview, and "
    "undone in one call.",
    "Analytics": "How many promises were kept in a period, how long it took, and where and when they were broken; by "
    "policy, team, priority, assignee, and by the dimensions that the organization declares.",
    "Organization": "Whose days reports count, and by which fields of tickets lists and reports go.",
    "Sources": "Ticket systems that send webhooks: how they sign, what they have sent, and what it became.",
    "Webhooks in": "The addresses that ticket systems send to; the signature is the key.",
    "API keys": "Who may read, and who may write.",
    "Notices": "What the engine sends to each URL of `SLA_WEBHOOK_URLS`, as CloudEvents 1.0 and at least once: drop "
    "repeats by `id`.",
    "Scrubbe: tickets": "Tickets in the shapes of Scrubbe's API v1, with the clocks of response and resolution.",
    "Scrubbe: SLA policies": "What is promised for which severity, in the shapes of the API v1.",
    "Scrubbe: configuration": "Whether tickets of the API v1 are measured, and whether they escalate by themselves.",
    "Health": "What is there, and whether it works; no key needed.",
}
"""What stands behind the name of each group."""


def operation_id(route: APIRoute) -> str:
    """The name of the function that answers: `list_instances`. Of routes that both kinds of policies have, those of OLA
    say so: `list_ola_policies`."""
    if not route.path_format.startswith(OLA):
        return route.name
    verb, _, rest = route.name.partition("_")
    return f"{verb}_ola_{rest}"


def described_tags() -> list[dict[str, str]]:
    return [{"name": name, "description": text} for name, text in TAGS.items()]
