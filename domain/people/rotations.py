"""A rotation: members who take turns, each for a shift, handed over at the same time of day all year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_mapping
from domain.instants import DAY, HOUR, Instant, Micros
from domain.people.contacts import require_ids
from domain.people.local import instant_of, require_date, wall_at, wall_of

LONGEST_SHIFT = 366 * DAY
_FIELDS = frozenset({"members", "shift", "start"})
_UNITS: Mapping[str, Micros] = {"days": DAY, "hours": HOUR}


@dataclass(frozen=True, slots=True)
class Rotation:
    """`members` are ids of contacts in their order. `shift` is the length of a shift by the wall clock.

    The first shift begins at the handover of `start`. A shift of twelve hours from 09:00 ends at 21:00, also on a day
    of 23 hours; what the clocks do makes that one shift shorter or longer. Raises InvalidValue.
    """

    members: tuple[str, ...]
    shift: Micros
    start: date

    def __post_init__(self) -> None:
        if not self.members:
            raise InvalidValue("rotation.members", [], "must name at least one contact")
        if not HOUR <= self.shift <= LONGEST_SHIFT or self.shift % HOUR:
            raise InvalidValue("rotation.shift", self.shift, "must be whole hours, from 1 hour to 366 days")

    @classmethod
    def from_json(cls, value: Any) -> Rotation:
        document = require_mapping(value, "rotation")
        refuse_unknown(document, _FIELDS, "rotation")
        return cls(
            require_ids(document.get("members"), "rotation.members"),
            _length(document.get("shift")),
            require_date(document.get("start"), "rotation.start"),
        )

    def to_json(self) -> dict[str, Any]:
        unit = "days" if self.shift % DAY == 0 else "hours"
        return {
            "members": list(self.members),
            "shift": {unit: self.shift // _UNITS[unit]},
            "start": self.start.isoformat(),
        }

    def at(self, at: Instant, zone: str, handover: int) -> str | None:
        """Whose shift it is; None before the first one. `handover` counts microseconds from 00:00 on."""
        number = self._number(at, zone, handover)
        return None if number < 0 else self.members[number % len(self.members)]

    def handovers(self, start: Instant, end: Instant, zone: str, handover: int) -> Iterator[Instant]:
        """The instants in `[start, end)` at which a shift begins, in order."""
        number = max(self._number(start, zone, handover), 0)
        while (begins := self._begins(number, zone, handover)) < end:
            if begins >= start:
                yield begins
            number += 1

    def _number(self, at: Instant, zone: str, handover: int) -> int:
        """Which shift it is, from 0 on; -1 before the first."""
        if at < self._begins(0, zone, handover):
            return -1
        number = (wall_of(zone, at) - wall_at(self.start, handover)) // self.shift
        # Where the clocks are put back, the wall shows a shift that is over, or one that has not begun.
        while self._begins(number, zone, handover) > at:
            number -= 1
        while self._begins(number + 1, zone, handover) <= at:
            number += 1
        return number

    def _begins(self, number: int, zone: str, handover: int) -> Instant:
        return instant_of(zone, wall_at(self.start, handover) + number * self.shift)


def _length(value: Any) -> Micros:
    document = require_mapping(value, "rotation.shift")
    refuse_unknown(document, frozenset(_UNITS), "rotation.shift")
    if len(document) != 1:
        raise InvalidValue("rotation.shift", dict(document), "must have days or hours, and one of them")
    unit, amount = next(iter(document.items()))
    if isinstance(amount, bool) or not isinstance(amount, int) or not 1 <= amount <= LONGEST_SHIFT // _UNITS[unit]:
        most = LONGEST_SHIFT // _UNITS[unit]
        raise InvalidValue(f"rotation.shift.{unit}", amount, f"must be a whole number from 1 to {most}")
    return Micros(amount * _UNITS[unit])
