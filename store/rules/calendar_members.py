"""Business hours that are made of others: their members as they are now, and what follows a change of a member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from domain.calendar import Calendar
from domain.calendar.combined import Combination, Combined, Member
from domain.errors import InvalidValue
from store.schema.tables import calendars
from store.schema.tenancy import own


@dataclass(frozen=True, slots=True)
class Follower:
    """Business hours that are made of others, and their next version."""

    id: str
    row: Mapping[str, Any]


def with_present_members(conn: sa.Connection, organization: str, calendar_id: str, calendar: Calendar) -> Calendar:
    """The calendar with its members as the store has them, whatever versions it came with.

    Raises InvalidValue for members that do not exist, and for a calendar that would be made of itself, naming the way.
    """
    if (combined := calendar.combined) is None:
        return calendar
    members = [
        _present(conn, organization, calendar_id, member.id, f"{combined.how.value}[{index}]")
        for index, member in enumerate(combined.members)
    ]
    return replace(calendar, combined=Combined(combined.how, tuple(members))).require_ever_open()


def present_member(conn: sa.Connection, organization: str, member_id: str, field: str) -> Member:
    """Raises InvalidValue, naming the field, for business hours that do not exist."""
    table = calendars
    live = sa.and_(own(table, organization, id=member_id), table.c.deleted_at.is_(None))
    row = conn.execute(sa.select(table.c.version, table.c.doc).where(live)).first()
    if row is None:
        raise InvalidValue(field, member_id, "must name business hours that exist")
    return Member(member_id, row.version, Calendar.from_json(row.doc))


def using_directly(conn: sa.Connection, organization: str, calendar_id: str) -> Sequence[Any]:
    """The rows of live business hours that name these among their members, oldest first."""
    table = calendars
    live = sa.and_(own(table, organization), table.c.deleted_at.is_(None))
    rows = conn.execute(sa.select(table).where(live).order_by(table.c.created_at, table.c.id)).all()
    return [row for row in rows if any(member["id"] == calendar_id for member in _members(row.doc))]


def made_of(conn: sa.Connection, organization: str, changed_id: str) -> Iterator[Follower]:
    """What is made of the changed business hours, level by level, each with the members as they are by then.

    Whoever asks writes each version before asking for the next. Raises InvalidValue where one of them would never be
    open any more.
    """
    waiting = [changed_id]
    while waiting:
        for row in using_directly(conn, organization, waiting.pop(0)):
            try:
                following = with_present_members(conn, organization, row.id, Calendar.from_json(row.doc))
            except InvalidValue as refusal:
                reason = f"business hours {row.id} are made of these: {refusal.reason}"
                raise InvalidValue("business_hours_id", changed_id, reason) from None
            yield Follower(row.id, {"name": row.name, "version": row.version + 1, "doc": following.to_json()})
            waiting.append(row.id)


def _present(conn: sa.Connection, organization: str, calendar_id: str, member_id: str, field: str) -> Member:
    member = present_member(conn, organization, member_id, field)
    inner = member.calendar.combined
    way = [] if member_id == calendar_id else None if inner is None else inner.way_to(calendar_id)
    if way is not None:
        shown = " -> ".join(dict.fromkeys([calendar_id, member_id, *way[:-1]])) + f" -> {calendar_id}"
        raise InvalidValue(field, member_id, f"business hours cannot be made of themselves: {shown}")
    return member


def _members(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return next((document[how] for how in Combination if document.get(how)), ())
