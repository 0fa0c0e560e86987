"""What is told to nobody: milestones planned before a quiet event was received (a first sync, a correction)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from domain.instants import Instant
from domain.plan.milestones import AUTOMATIC
from domain.record.ledger import Firing, Ledger
from domain.ticket.events import Event


def quiet_until(events: Iterable[Event], before: Instant | None = None) -> Instant | None:
    """When the last quiet event was received, `before` included; None where there is none.

    What was planned before that instant is quiet, whichever event brings it to light.
    """
    received = [event.received_at for event in events if event.quiet]
    return max([*received, *([] if before is None else [before])], default=None)


def hushed(changed: Iterable[Firing], until: Instant | None) -> Ledger:
    """The firings that change now; those that fire and were planned before `until` are skipped: nobody is told."""
    if until is None:
        return tuple(changed)
    return tuple(
        replace(firing, skipped=True) if firing.stands and firing.planned_at < until else firing for firing in changed
    )


def was_quiet(firing: Firing, events: Iterable[Event]) -> bool:
    """Whether nobody was told of the firing because a quiet event asked for that.

    Automatic escalations are skipped where they are switched off, too; all else only for quiet's sake.
    """
    if not firing.skipped or firing.key.milestone != AUTOMATIC:
        return firing.skipped
    known = (event for event in events if event.received_at <= firing.fired_at)
    until = quiet_until(known)
    return until is not None and firing.planned_at < until
