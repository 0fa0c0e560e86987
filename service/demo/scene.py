"""The show of the board: twenty tickets that open together, and of which each state is to be seen within a minute."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ticket.teams import Team
from service.demo.scripts import DemoPromise, Step, TicketScript

URGENT = DemoPromise("Urgent tickets", "urgent", 20, 75)
HIGH = DemoPromise("Important tickets", "high", 45, 240)
NORMAL = DemoPromise("Normal tickets", "normal", 180, 900)
PLANNED = DemoPromise("Planned work", "low", 1800, 3 * 86_400)
PROMISES = (URGENT, HIGH, NORMAL, PLANNED)
SUPPORT, PLATFORM = Team("support", "Support"), Team("platform", "Platform")
TEAMS = (SUPPORT, PLATFORM)
CUSTOMER, VENDOR = "waiting for the customer", "waiting for the vendor"


def answered(at: float) -> tuple[Step, ...]:
    return (Step(at, "acknowledge"),)


def solved(at: float) -> tuple[Step, ...]:
    return (*answered(4), Step(at, "resolve"))


def held(at: float, cause: str, until: float | None = None) -> tuple[Step, ...]:
    """Answered, then paused; without `until` for good."""
    back = () if until is None else (Step(until, "resume"),)
    return (*answered(at - 2), Step(at, "pause", cause), *back)


_STORIES: Sequence[tuple[DemoPromise, Team, str, tuple[Step, ...]]] = (
    (URGENT, PLATFORM, "Checkout answers 502", ()),
    (URGENT, SUPPORT, "Nobody can sign in", solved(50)),
    (URGENT, SUPPORT, "Payments are booked twice", answered(30)),
    (URGENT, PLATFORM, "The database is 98 % full", held(8, VENDOR, 90)),
    (HIGH, SUPPORT, "An invoice shows the wrong tax", answered(6)),
    (HIGH, PLATFORM, "A report runs for ten minutes", ()),
    (HIGH, PLATFORM, "Mail arrives an hour late", held(12, CUSTOMER, 150)),
    (HIGH, SUPPORT, "The search finds nothing", answered(55)),
    (HIGH, SUPPORT, "The export stops at row 65,536", solved(40)),
    (NORMAL, SUPPORT, "A name is misspelt in letters", answered(5)),
    (NORMAL, SUPPORT, "Please send the contract again", held(15, CUSTOMER)),
    (NORMAL, PLATFORM, "A certificate runs out in a week", ()),
    (NORMAL, SUPPORT, "The phone app shows old prices", answered(20)),
    (NORMAL, SUPPORT, "How do I change my address?", solved(30)),
    (NORMAL, PLATFORM, "Two accounts should be one", held(25, CUSTOMER, 170)),
    (PLANNED, SUPPORT, "A second currency", answered(10)),
    (PLANNED, PLATFORM, "Move the archive", ()),
    (PLANNED, SUPPORT, "A report by region", answered(45)),
    (PLANNED, PLATFORM, "Larger attachments", held(18, CUSTOMER)),
    (PLANNED, SUPPORT, "Dates as our customers write them", ()),
)


def scene() -> Sequence[TicketScript]:
    return [
        TicketScript(f"DEMO-{index}", promise, 0, steps, title, team.id)
        for index, (promise, team, title, steps) in enumerate(_STORIES, 1)
    ]
