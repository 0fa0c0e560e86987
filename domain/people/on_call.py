"""Who is on call: a rotation or a feed, and overrides that take their place for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from domain.calendar.local_time.zones import require_zone
from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_list, require_mapping, require_name, require_text
from domain.instants import Instant
from domain.people.contacts import LONGEST_ID, LONGEST_NAME, Contact
from domain.people.feeds import FeedEvent, events_at, named_in
from domain.people.local import WallInstant, instant_of, render_time, require_moment, require_time, wall_at
from domain.people.rotations import Rotation

MOST_OVERRIDES = 200
MOST_SHIFTS = 500
_FIELDS = frozenset({"id", "name", "timezone", "handover", "rotation", "overrides"})
_OVERRIDE_FIELDS = frozenset({"from", "until", "contact"})
Cause = Literal["rotation", "override", "feed"]


@dataclass(frozen=True, slots=True)
class Boundary:
    """A date and a time of day by the wall clock; without a time, the handover of that date."""

    day: date
    time: int | None = None

    def instant(self, zone: str, handover: int) -> Instant:
        return instant_of(zone, wall_at(self.day, handover if self.time is None else self.time))

    def __str__(self) -> str:
        return self.day.isoformat() + ("" if self.time is None else f"T{render_time(self.time)}")


@dataclass(frozen=True, slots=True)
class Override:
    """From one boundary until another the contact is on call. Of two that overlap the later in the list counts.

    From 2026-12-24 until 2026-12-27 is three days, from the handover of the 24th until that of the 27th.
    """

    starts: Boundary
    ends: Boundary
    contact: str

    @classmethod
    def from_json(cls, value: Any, field: str) -> Override:
        document = require_mapping(value, field)
        refuse_unknown(document, _OVERRIDE_FIELDS, field)
        starts = Boundary(*require_moment(document.get("from"), f"{field}.from"))
        ends = Boundary(*require_moment(document.get("until"), f"{field}.until"))
        return cls(starts, ends, require_text(document.get("contact"), f"{field}.contact", LONGEST_ID))

    def to_json(self) -> dict[str, Any]:
        return {"from": str(self.starts), "until": str(self.ends), "contact": self.contact}


@dataclass(frozen=True, slots=True)
class OnCall:
    """`rotation` None: a feed says who is on call. `handover` counts microseconds from 00:00 on, in `timezone`.

    Raises InvalidValue for an override that does not end after it begins.
    """

    id: str
    name: str
    timezone: str
    handover: int = 0
    rotation: Rotation | None = None
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        for place, one in enumerate(self.overrides):
            if self._span(one)[0] >= self._span(one)[1]:
                between = (
                    ": the clocks skip the time between them" if self._wall(one.starts) < self._wall(one.ends) else ""
                )
                raise InvalidValue(f"overrides[{place}].until", str(one.ends), f"must lie after {one.starts}{between}")

    @classmethod
    def from_json(cls, document: Any) -> OnCall:
        """Raises InvalidValue naming the field at fault. The feed is read apart: its address is kept encrypted."""
        body: Mapping[str, Any] = require_mapping(document, "on_call")
        refuse_unknown(body, _FIELDS, "on_call")
        listed = require_list([] if body.get("overrides") is None else body["overrides"], "overrides")
        if len(listed) > MOST_OVERRIDES:
            raise InvalidValue("overrides", f"{len(listed)} overrides", f"must be at most {MOST_OVERRIDES}")
        return cls(
            id=require_text(body.get("id"), "id", LONGEST_ID),
            name=require_name(body.get("name"), "name", LONGEST_NAME).strip(),
            timezone=require_zone(body.get("timezone")),
            handover=require_time(body.get("handover", "00:00"), "handover"),
            rotation=None if body.get("rotation") is None else Rotation.from_json(body["rotation"]),
            overrides=tuple(Override.from_json(one, f"overrides[{place}]") for place, one in enumerate(listed)),
        )

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {
            "id": self.id,
            "name": self.name,
            "timezone": self.timezone,
            "handover": render_time(self.handover),
            "rotation": None if self.rotation is None else self.rotation.to_json(),
            "overrides": [one.to_json() for one in self.overrides],
        }

    @property
    def contacts(self) -> tuple[tuple[str, str], ...]:
        """The field and the id of each contact that it names."""
        members = () if self.rotation is None else self.rotation.members
        named = [(f"rotation.members[{place}]", one) for place, one in enumerate(members)]
        named += [(f"overrides[{place}].contact", one.contact) for place, one in enumerate(self.overrides)]
        return tuple(named)

    def _wall(self, boundary: Boundary) -> WallInstant:
        return wall_at(boundary.day, self.handover if boundary.time is None else boundary.time)

    def _span(self, override: Override) -> tuple[Instant, Instant]:
        return tuple(one.instant(self.timezone, self.handover) for one in (override.starts, override.ends))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Duty:
    """Ids of those who are on call, and what says so; `summary` is that of the feed's event.

    Without contacts nobody is on call: before the first shift, beside the events of a feed, or in an event that names
    no contact.
    """

    contacts: tuple[str, ...]
    because: Cause
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """`[start, end)` with one duty."""

    start: Instant
    end: Instant
    duty: Duty


@dataclass(frozen=True, slots=True)
class Rota:
    """An on-call with the events of its feed, as far as it has one, and the contacts whom those may name."""

    on_call: OnCall
    events: Sequence[FeedEvent] = ()
    contacts: Sequence[Contact] = ()

    def at(self, at: Instant) -> Duty:
        """Who is on call at an instant."""
        for override, (start, end) in reversed(self._overrides()):
            if start <= at < end:
                return Duty((override.contact,), "override")
        one, rotation = self.on_call, self.on_call.rotation
        if rotation is not None:
            member = rotation.at(at, one.timezone, one.handover)
            return Duty(() if member is None else (member,), "rotation")
        now = events_at(self.events, at)
        ids = dict.fromkeys(id_ for event in now for id_ in named_in(event, self.contacts))
        return Duty(tuple(ids), "feed", ", ".join(event.summary for event in now if event.summary) or None)

    def shifts(self, start: Instant, end: Instant) -> Iterator[Shift]:
        """`[start, end)` cut where the duty changes, in order."""
        within = Rota(self.on_call, [one for one in self.events if one.start < end and start < one.end], self.contacts)
        cuts = sorted({start, *within._changes(start, end)})
        last: Shift | None = None
        for begins, ends in zip(cuts, [*cuts[1:], end], strict=True):
            duty = within.at(begins)
            if last is not None and last.duty == duty:
                last = Shift(last.start, ends, duty)
                continue
            if last is not None:
                yield last
            last = Shift(begins, ends, duty)
        if last is not None:
            yield last

    def _overrides(self) -> list[tuple[Override, tuple[Instant, Instant]]]:
        return [(one, self.on_call._span(one)) for one in self.on_call.overrides]  # noqa: SLF001 - of this module

    def _changes(self, start: Instant, end: Instant) -> Iterator[Instant]:
        """Instants in `[start, end)` at which the duty may change."""
        one = self.on_call
        if one.rotation is not None:
            yield from one.rotation.handovers(start, end, one.timezone, one.handover)
        edges = [edge for _, span in self._overrides() for edge in span]
        edges += [edge for event in self.events for edge in (event.start, event.end)]
        yield from (edge for edge in edges if start <= edge < end)
