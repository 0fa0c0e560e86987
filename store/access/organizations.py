"""Organizations. Each has its own configuration, and a default calendar from its creation on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from domain.access.subscriptions import Subscription
from domain.calendar import Calendar
from domain.calendar.local_time.zones import require_zone
from domain.errors import Conflict, InvalidValue, NotFound
from domain.fields import require_name
from domain.ids import require_organization
from domain.instants import Instant
from domain.ticket.dimensions import require_dimensions
from store.database.clock import Clock
from store.database.connections import Database
from store.database.plain import read_all
from store.database.types import moment, optional_instant
from store.database.upserts import insert_new
from store.schema.tables import calendar_versions, calendars, organizations
from store.schema.tenancy import OF_ORGANIZATION, own

DEFAULT_ORGANIZATION = "default"
DEFAULT_CALENDAR_ID = "bh_default"
DEFAULT_CALENDAR_NAME = "Office hours"
SYSTEM = "system"
LONGEST_NAME = 200
NEVER: Final = "never"
"""In place of an instant: no ticket is opened quietly any more."""
QuietBefore = Instant | Literal["never"] | None
OFFICE_HOURS = Calendar.from_json(
    {
        "timezone": "UTC",
        "weekly_hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    }
)


@dataclass(frozen=True, slots=True)
class Organization:
    """`timezone` is an IANA name: analytics count days in this zone. Calendars have zones of their own.

    Tickets that opened before `quiet_before` are opened quietly (None: none are). `dimensions` are the fields of
    tickets that lists and reports go by. `demo_of` is the organization whose demo this is, None for every other one.
    """

    id: str
    name: str
    subscription: Subscription
    timezone: str
    config_version: int
    default_calendar_id: str
    quiet_before: Instant | None = None
    dimensions: tuple[str, ...] = ()
    demo_of: str | None = None


@dataclass(frozen=True, slots=True)
class Organizations:
    database: Database
    now: Clock

    async def ensure(self, organization: str) -> Organization:
        """The organization. If there is none of this id, it is created with a default calendar."""

        def work(conn: sa.Connection) -> Organization:
            self._make(conn, organization, {})
            return find_organization(conn, organization)

        return await self.database.write(work)

    async def create(
        self,
        organization: str,
        *,
        name: str | None = None,
        timezone: str | None = None,
        subscription: Subscription | None = None,
        quiet_before: QuietBefore = None,
        demo_of: str | None = None,
    ) -> Organization:
        """Create an organization with a default calendar.

        Raises InvalidValue for a bad value, and Conflict when an organization of this id exists, or another demo of the
        same organization.
        """
        changes = {**_changes(name, timezone, subscription, quiet_before), "demo_of": demo_of}

        def work(conn: sa.Connection) -> Organization:
            if not self._make(conn, organization, changes):
                reason = f"organization {organization!r} exists already"
                raise Conflict(reason, field="organization", value=organization)
            return find_organization(conn, organization)

        return await self.database.write(work)

    async def change(
        self,
        organization: str,
        *,
        name: str | None = None,
        timezone: str | None = None,
        default_calendar_id: str | None = None,
        subscription: Subscription | None = None,
        quiet_before: QuietBefore = None,
        dimensions: Sequence[str] | None = None,
    ) -> Organization:
        """Change the values that are not None.

        Processes that cache keys apply a new subscription when they read a key again.

        Other dimensions are written for what is recorded from then on, and filled in for the rest (`Dimensions.fill`).

        Raises NotFound for the organization, InvalidValue for a calendar that it does not have, or for a bad value.
        """
        changes = _changes(name, timezone, subscription, quiet_before)
        named = None if dimensions is None else require_dimensions(dimensions)

        def work(conn: sa.Connection) -> Organization:
            begin_change(conn, organization)
            if named is not None and named != find_organization(conn, organization).dimensions:
                changes["dimensions"] = list(named)
                changes["dimensions_version"] = organizations.c.dimensions_version + 1
            if default_calendar_id is not None:
                _require_calendar(conn, organization, default_calendar_id)
                changes["default_calendar_id"] = default_calendar_id
            if changes:
                changed = sa.update(organizations).where(own(organizations, organization)).values(**changes)
                conn.execute(changed)
            return find_organization(conn, organization)

        return await self.database.write(work)

    async def get(self, organization: str) -> Organization:
        """Raises NotFound."""
        return await self.database.read(lambda conn: find_organization(conn, organization))

    async def demo_of(self, organization: str) -> Organization | None:
        """The demo of an organization, None where it has none."""
        theirs = sa.select(*_columns()).where(organizations.c.demo_of == organization)

        def work(conn: sa.Connection) -> Organization | None:
            row = conn.execute(theirs).mappings().first()
            return None if row is None else _organization(row)

        return await self.database.read(work)

    async def list(self) -> Sequence[Organization]:
        """All organizations, in the order of their ids."""

        def work(conn: sa.Connection) -> Sequence[Organization]:
            rows = conn.execute(sa.select(*_columns()).order_by(organizations.c.id))
            return [_organization(row) for row in rows]

        return await self.database.read(work)

    def _make(self, conn: sa.Connection, organization: str, given: Mapping[str, Any]) -> bool:
        """Create the organization unless it exists; return whether it was created."""
        row = {
            "id": require_organization(organization),
            "name": organization,
            "subscription": Subscription.ENTERPRISE.value,
            "timezone": "UTC",
            "config_version": 1,
            "default_calendar_id": DEFAULT_CALENDAR_ID,
            "created_at": moment(self.now()),
            **given,
        }
        if not insert_new(conn, organizations, row):
            return False
        self._insert_default_calendar(conn, organization)
        return True

    def _insert_default_calendar(self, conn: sa.Connection, organization: str) -> None:
        now = moment(self.now())
        row = {
            "organization": organization,
            "name": DEFAULT_CALENDAR_NAME,
            "version": 1,
            "doc": OFFICE_HOURS.to_json(),
        }
        current = {**row, "id": DEFAULT_CALENDAR_ID, "created_at": now, "updated_at": now}
        conn.execute(sa.insert(calendars).values(current))
        first = {**row, "calendar_id": DEFAULT_CALENDAR_ID, "changed_at": now, "changed_by": SYSTEM}
        conn.execute(sa.insert(calendar_versions).values(first))


def find_organization(conn: sa.Connection, organization: str) -> Organization:
    """Raises NotFound."""
    found = read_all(conn, _FIND, {"of_organization": organization})
    if not found:
        raise _unknown(organization)
    return _organization(found[0])


def begin_change(conn: sa.Connection, organization: str) -> None:
    """Count a change of configuration. From here to the commit, other changes of the organization wait.

    Raises NotFound.
    """
    table = organizations
    counted = sa.update(table).where(own(table, organization)).values(config_version=table.c.config_version + 1)
    if not (conn.execute(counted)).rowcount:
        raise _unknown(organization)


def _changes(
    name: str | None, timezone: str | None, subscription: Subscription | None, quiet_before: QuietBefore
) -> dict[str, Any]:
    """The columns of the values that are given. Raises InvalidValue for a bad value."""
    given = {
        "name": None if name is None else require_name(name, "name", LONGEST_NAME),
        "timezone": None if timezone is None else require_zone(timezone),
        "subscription": None if subscription is None else subscription.value,
    }
    changes: dict[str, Any] = {column: value for column, value in given.items() if value is not None}
    if quiet_before is not None:
        changes["quiet_before"] = None if quiet_before == NEVER else moment(quiet_before)
    return changes


def _require_calendar(conn: sa.Connection, organization: str, calendar_id: str) -> None:
    table = calendars
    live = sa.and_(own(table, organization, id=calendar_id), table.c.deleted_at.is_(None))
    if conn.scalar(sa.select(table.c.id).where(live)) is None:
        raise InvalidValue("default_business_hours_id", calendar_id, "names business hours that do not exist")


def _columns() -> Sequence[sa.Column[Any]]:
    return [organizations.c[name] for name in Organization.__dataclass_fields__]


def _organization(row: Any) -> Organization:
    columns = {name: getattr(row, name) for name in Organization.__dataclass_fields__}
    read = {
        "subscription": Subscription(columns["subscription"]),
        "quiet_before": optional_instant(columns["quiet_before"]),
        "dimensions": tuple(columns["dimensions"] or ()),
    }
    return Organization(**{**columns, **read})


_FIND = sa.select(*_columns()).where(own(organizations, OF_ORGANIZATION))


def _unknown(organization: str) -> NotFound:
    return NotFound(f"organization {organization!r} does not exist", field="organization", value=organization)
