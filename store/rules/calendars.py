"""Business hours of an organization, every version kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.calendar import Calendar
from domain.calendar.combined import Member
from domain.errors import Conflict, InvalidValue, NotFound, Outdated
from domain.instants import Instant
from store.access.organizations import SYSTEM, begin_change, find_organization
from store.database.clock import Clock
from store.database.connections import Database
from store.database.ids import mint
from store.database.types import instant, moment
from store.lists.listed import Found, Listed, ListPart, columns_of
from store.rules.calendar_members import made_of, present_member, using_directly, with_present_members
from store.schema.tables import api_keys, calendar_versions, calendars, policies, teams
from store.schema.tenancy import own

LISTED = Listed(
    columns_of(calendars, "id", "name", "version", "created_at", "updated_at"),
    "created_at",
    searched=("id", "name"),
)
LISTED_VERSIONS = Listed(columns_of(calendar_versions, "version", "changed_at", "changed_by"), "version", "version")


@dataclass(frozen=True, slots=True)
class StoredCalendar:
    id: str
    name: str
    version: int
    calendar: Calendar
    is_default: bool
    created_at: Instant
    updated_at: Instant


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """`key_name` is None if no API key made the version."""

    version: int
    name: str
    calendar: Calendar
    changed_at: Instant
    changed_by: str
    key_name: str | None


@dataclass(frozen=True, slots=True)
class Calendars:
    """Every method raises NotFound for an organization or a calendar that does not exist or was deleted."""

    database: Database
    now: Clock

    async def create(
        self, organization: str, name: str, calendar: Calendar, changed_by: str = SYSTEM
    ) -> StoredCalendar:
        now = moment(self.now())
        row: dict[str, Any] = {"organization": organization, "name": name, "version": 1}
        calendar_id = mint("bh")

        def work(conn: sa.Connection) -> StoredCalendar:
            begin_change(conn, organization)
            row["doc"] = with_present_members(conn, organization, calendar_id, calendar).to_json()
            conn.execute(sa.insert(calendars).values(**row, id=calendar_id, created_at=now, updated_at=now))
            _append_version(conn, row, calendar_id, now, changed_by)
            return _find(conn, organization, calendar_id)

        return await self.database.write(work)

    async def list(self, organization: str, part: ListPart) -> Found[StoredCalendar]:
        """Oldest first unless the part says otherwise."""
        table = calendars
        live = sa.and_(own(table, organization), table.c.deleted_at.is_(None))

        def work(conn: sa.Connection) -> Found[StoredCalendar]:
            default_id = find_organization(conn, organization).default_calendar_id
            found = LISTED.find(conn, sa.select(table), table, live, part)
            return found.each(lambda row: _stored(row, default_id))

        return await self.database.read(work)

    async def get(self, organization: str, calendar_id: str) -> StoredCalendar:
        return await self.database.read(lambda conn: _find(conn, organization, calendar_id))

    async def members(self, organization: str, ids: Sequence[str], field: str) -> Sequence[Member]:
        """Business hours that others are to be made of. Raises InvalidValue, naming the place, for one that is none."""

        def work(conn: sa.Connection) -> Sequence[Member]:
            named = enumerate(ids)
            return [present_member(conn, organization, one, f"{field}[{index}]") for index, one in named]

        return await self.database.read(work)

    async def versions(self, organization: str, calendar_id: str, part: ListPart) -> Found[StoredVersion]:
        """Oldest first unless the part says otherwise."""
        table = calendar_versions
        these = own(calendar_versions, organization, calendar_id=calendar_id)

        def work(conn: sa.Connection) -> Found[StoredVersion]:
            _find(conn, organization, calendar_id)
            return LISTED_VERSIONS.find(conn, _versions_with_keys(), table, these, part).each(_stored_version)

        return await self.database.read(work)

    async def version(self, organization: str, calendar_id: str, version: int) -> StoredVersion:
        """Raises NotFound for a version there never was."""
        this = own(calendar_versions, organization, calendar_id=calendar_id, version=version)

        def work(conn: sa.Connection) -> Any:
            _find(conn, organization, calendar_id)
            return conn.execute(_versions_with_keys().where(this)).first()

        row = await self.database.read(work)
        if row is None:
            reason = f"business hours {calendar_id!r} have no version {version}"
            raise NotFound(reason, field="version", value=version)
        return _stored_version(row)

    async def default(self, organization: str) -> StoredCalendar:
        def work(conn: sa.Connection) -> StoredCalendar:
            default_id = (find_organization(conn, organization)).default_calendar_id
            return _find(conn, organization, default_id)

        return await self.database.read(work)

    async def update(
        self, organization: str, calendar_id: str, edited: int, name: str, calendar: Calendar, changed_by: str = SYSTEM
    ) -> StoredCalendar:
        """Write the next version, and one of all business hours that are made of these. Running instances keep the
        version under which they were opened.

        `edited` is the version that was edited: raises Outdated when somebody else has changed it meanwhile.
        """
        now = moment(self.now())

        def work(conn: sa.Connection) -> StoredCalendar:
            begin_change(conn, organization)
            version = (_find(conn, organization, calendar_id)).version
            if version != edited:
                reason = f"business hours {calendar_id} have changed since version {edited}"
                raise Outdated(reason, field="business_hours_id", value=calendar_id)
            document = with_present_members(conn, organization, calendar_id, calendar).to_json()
            row = {"organization": organization, "name": name, "version": version + 1, "doc": document}
            _write_version(conn, row, calendar_id, now, changed_by)
            for one in made_of(conn, organization, calendar_id):
                _write_version(conn, {"organization": organization, **one.row}, one.id, now, changed_by)
            return _find(conn, organization, calendar_id)

        return await self.database.write(work)

    async def delete(self, organization: str, calendar_id: str) -> None:
        """Raises Conflict for the default calendar, and for one that live policies or teams use, naming these."""

        def work(conn: sa.Connection) -> None:
            begin_change(conn, organization)
            found = _find(conn, organization, calendar_id)
            if found.is_default:
                raise _conflict(calendar_id, "are the organization's default")
            users = [*_policies_using(conn, organization, calendar_id)]
            users += [f"business hours {one.id}" for one in using_directly(conn, organization, calendar_id)]
            users += [f"team {team_id}" for team_id in _teams_using(conn, organization, calendar_id)]
            if users:
                raise _conflict(calendar_id, f"are used by {', '.join(users)}")
            gone = (
                sa.update(calendars)
                .where(own(calendars, organization, id=calendar_id))
                .values(deleted_at=moment(self.now()))
            )
            conn.execute(gone)

        await self.database.write(work)


def live_calendars(conn: sa.Connection, organization: str) -> Sequence[Any]:
    table = calendars
    live = sa.and_(own(table, organization), table.c.deleted_at.is_(None))
    return (conn.execute(sa.select(table.c.id, table.c.version, table.c.doc).where(live))).all()


def require_calendar(
    conn: sa.Connection, organization: str, calendar_id: str | None, field: str = "business_hours_id"
) -> None:
    """Raises InvalidValue, naming the field, for business hours that the organization does not have; None is fine."""
    if calendar_id is None:
        return
    live = sa.and_(own(calendars, organization, id=calendar_id), calendars.c.deleted_at.is_(None))
    if conn.scalar(sa.select(calendars.c.id).where(live)) is None:
        raise InvalidValue(field, calendar_id, "must name business hours that exist")


def _find(conn: sa.Connection, organization: str, calendar_id: str) -> StoredCalendar:
    default_id = (find_organization(conn, organization)).default_calendar_id
    live = sa.and_(own(calendars, organization, id=calendar_id), calendars.c.deleted_at.is_(None))
    row = conn.execute(sa.select(calendars).where(live)).first()
    if row is None:
        raise NotFound(f"business hours {calendar_id!r} do not exist", field="business_hours_id", value=calendar_id)
    return _stored(row, default_id)


def _write_version(conn: sa.Connection, row: dict[str, Any], calendar_id: str, now: Any, changed_by: str) -> None:
    these = own(calendars, row["organization"], id=calendar_id)
    conn.execute(sa.update(calendars).where(these).values(**row, updated_at=now))
    _append_version(conn, row, calendar_id, now, changed_by)


def _append_version(conn: sa.Connection, row: dict[str, Any], calendar_id: str, now: Any, changed_by: str) -> None:
    values = {**row, "calendar_id": calendar_id, "changed_at": now, "changed_by": changed_by}
    conn.execute(sa.insert(calendar_versions).values(values))


def _policies_using(conn: sa.Connection, organization: str, calendar_id: str) -> Sequence[str]:
    """The live policies that measure in these hours, or have an escalation step that speaks in them."""
    table = policies
    live = sa.and_(own(table, organization), table.c.archived_at.is_(None))
    rows = conn.execute(sa.select(table.c.id, table.c.calendar_id, table.c.doc).where(live).order_by(table.c.position))
    return [row.id for row in rows if calendar_id in (row.calendar_id, *_hours_of_steps(row.doc))]


def _hours_of_steps(policy: Mapping[str, Any]) -> Iterator[str | None]:
    return (step.get("hours") for step in policy.get("escalations", ()))


def _teams_using(conn: sa.Connection, organization: str, calendar_id: str) -> Sequence[str]:
    table = teams
    using = sa.and_(own(table, organization, calendar_id=calendar_id), table.c.deleted_at.is_(None))
    return (conn.scalars(sa.select(table.c.id).where(using).order_by(table.c.id))).all()


def _versions_with_keys() -> sa.Select[Any]:
    table = calendar_versions
    key = own(api_keys, table.c.organization, id=table.c.changed_by)
    return sa.select(table, api_keys.c.name.label("key_name")).join_from(table, api_keys, key, isouter=True)


def _stored(row: Any, default_id: str) -> StoredCalendar:
    return StoredCalendar(
        id=row.id,
        name=row.name,
        version=row.version,
        calendar=Calendar.from_json(row.doc),
        is_default=row.id == default_id,
        created_at=instant(row.created_at),
        updated_at=instant(row.updated_at),
    )


def _stored_version(row: Any) -> StoredVersion:
    return StoredVersion(
        version=row.version,
        name=row.name,
        calendar=Calendar.from_json(row.doc),
        changed_at=instant(row.changed_at),
        changed_by=row.changed_by,
        key_name=row.key_name,
    )


def _conflict(calendar_id: str, reason: str) -> Conflict:
    return Conflict(f"business hours {calendar_id} {reason}", field="business_hours_id", value=calendar_id)
