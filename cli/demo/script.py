"""Generated tickets: what happens to each, in seconds from the start of the show. One second stands for one hour."""

from __future__ import annotations

import random

from service.demo.scripts import DemoPromise, Step, TicketScript

SECONDS_BETWEEN_TICKETS = 1.45
PROMISES = (DemoPromise("Urgent tickets", "urgent", 3, 8), DemoPromise("Normal tickets", "normal", 6, 14))


def scripts(count: int, seed: int) -> list[TicketScript]:
    chance = random.Random(seed)  # noqa: S311 - a show that can be repeated, not a secret
    return [_script(f"T-{101 + index}", index * SECONDS_BETWEEN_TICKETS, chance) for index in range(count)]


def _script(ticket_id: str, opens_at: float, chance: random.Random) -> TicketScript:
    promise = chance.choice(PROMISES)
    answered = opens_at + promise.respond * chance.uniform(0.2, 1.35)
    steps = [Step(answered, "acknowledge")]
    waited = chance.uniform(1.5, 3.0) if chance.random() < 0.4 else 0.0
    if waited:
        steps += (Step(answered + 0.3, "pause", "waiting for the customer"), Step(answered + 0.3 + waited, "resume"))
    worked = opens_at + promise.resolve * chance.uniform(0.35, 1.25) + waited
    return TicketScript(ticket_id, promise, opens_at, (*steps, Step(max(worked, steps[-1].at + 0.5), "resolve")))
