"""What is refused before it is sent: events that an instance would set aside, or take without their effect."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from domain.errors import InvalidValue, StoreUnavailable
from domain.plan.excuses import require_known_targets
from domain.plan.resets import require_known_clocks
from domain.policy.field_deadlines import require_readable
from domain.ticket.events import EXCUSES, Event, EventKind
from service.dependencies import Dependencies
from service.instances.subject_events import SubjectEvent
from store.instances.instances import StoredInstance
from workflows.messages import ALL_SIGNALS

_CHECKED = (EventKind.UPDATED, EventKind.RESET, *EXCUSES)


class Refusals:
    """Reads the instances of each subject once. While the store is away the instances themselves refuse."""

    def __init__(self, deps: Dependencies, organization: str) -> None:
        self._deps = deps
        self._organization = organization
        self._known: dict[tuple[str, ...], Sequence[StoredInstance]] = {}

    async def narrowed(self, event: SubjectEvent) -> SubjectEvent:
        """The event without the instances that do not have the target which it excuses or resets.

        Raises InvalidValue where none has it, and for a field that should hold a target's due instant and holds none.
        """
        signal = event.signal
        if signal is None or ALL_SIGNALS.get(signal.name) not in _CHECKED:
            return event
        told = signal.event(self._deps.now())
        found = await self.recorded(map(str, event.subject))
        if told is None or not found:
            return event
        if told.kind is EventKind.UPDATED:
            for stored in found:
                _require_readable_deadlines(stored, told)
            return event
        without = _without_target(found, told)
        return replace(event, subject=[one for one in event.subject if str(one) not in without])

    async def recorded(self, instance_ids: Iterable[str]) -> Sequence[StoredInstance]:
        """The instances that are recorded; none while the store is away."""
        ids = tuple(instance_ids)
        if ids not in self._known:
            try:
                found = [await self._deps.store.instances.get(self._organization, one) for one in ids]
            except StoreUnavailable:
                found = []
            self._known[ids] = [one for one in found if one is not None]
        return self._known[ids]


def _require_readable_deadlines(stored: StoredInstance, event: Event) -> None:
    for path in {one.deadline.field for one in stored.plan.latest if one.deadline is not None}:
        require_readable(path, event.attributes)


def _without_target(found: Sequence[StoredInstance], event: Event) -> frozenset[str]:
    """The ids of the instances that do not have the target. Raises InvalidValue where none has it."""
    refusals: dict[str, InvalidValue] = {}
    for stored in found:
        try:
            require_known_targets(stored.snapshot, stored.plan, [event])
            require_known_clocks(stored.snapshot, stored.plan, [event])
        except InvalidValue as error:
            refusals[stored.id] = error
    if len(refusals) == len(found):
        raise next(iter(refusals.values()))
    return frozenset(refusals)
