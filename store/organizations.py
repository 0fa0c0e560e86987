"""Organizations: each has configuration of its own, with a default calendar from the first moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.calendar import Calendar
from domain.errors import NotFound
from domain.ids import require_organization
from store.clock import Clock
from store.database import Database
from store.tables import calendar_versions, calendars, organizations
from store.types import moment
from store.upserts import insert_new

DEFAULT_ORGANIZATION = "default"
DEFAULT_CALENDAR_ID = "bh_default"
DEFAULT_CALENDAR_NAME = "Office hours"
SYSTEM = "system"
OFFICE_HOURS = Calendar.from_json(
    {
        "timezone": "UTC",
        "weekly_hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    }
)


@dataclass(frozen=True, slots=True)
class Organization:
    id: str
    name: str
    plan: str
    timezone: str
    config_version: int
    default_calendar_id: str


@dataclass(frozen=True, slots=True)
class Organizations:
    database: Database
    now: Clock

    async def ensure(self, organization: str, name: str = "") -> Organization:
        """The organization, made with a default calendar if it is new."""
        require_organization(organization)
        async with self.database.write() as conn:
            if await self._insert(conn, organization, name):
                await self._insert_default_calendar(conn, organization)
            return await find_organization(conn, organization)

    async def get(self, organization: str) -> Organization:
        """Raises NotFound."""
        async with self.database.read() as conn:
            return await find_organization(conn, organization)

    async def _insert(self, conn: AsyncConnection, organization: str, name: str) -> bool:
        row = {
            "id": organization,
            "name": name or organization,
            "plan": "enterprise",
            "timezone": "UTC",
            "config_version": 1,
            "default_calendar_id": DEFAULT_CALENDAR_ID,
            "created_at": moment(self.now()),
        }
        return await insert_new(conn, organizations, row)

    async def _insert_default_calendar(self, conn: AsyncConnection, organization: str) -> None:
        now = moment(self.now())
        row = {
            "organization": organization,
            "name": DEFAULT_CALENDAR_NAME,
            "version": 1,
            "doc": OFFICE_HOURS.to_json(),
        }
        current = {**row, "id": DEFAULT_CALENDAR_ID, "created_at": now, "updated_at": now}
        await conn.execute(sa.insert(calendars).values(current))
        first = {**row, "calendar_id": DEFAULT_CALENDAR_ID, "changed_at": now, "changed_by": SYSTEM}
        await conn.execute(sa.insert(calendar_versions).values(first))


async def find_organization(conn: AsyncConnection, organization: str) -> Organization:
    """Raises NotFound."""
    columns = [organizations.c[name] for name in Organization.__dataclass_fields__]
    row = (await conn.execute(sa.select(*columns).where(organizations.c.id == organization))).mappings().first()
    if row is None:
        raise _unknown(organization)
    return _organization(row)


async def begin_change(conn: AsyncConnection, organization: str) -> None:
    """Counts a change of configuration; changes of one organization wait for each other from here to their commit.

    Raises NotFound.
    """
    table = organizations
    counted = sa.update(table).where(table.c.id == organization).values(config_version=table.c.config_version + 1)
    if not (await conn.execute(counted)).rowcount:
        raise _unknown(organization)


def _organization(row: Mapping[Any, Any]) -> Organization:
    return Organization(**{str(name): value for name, value in row.items()})


def _unknown(organization: str) -> NotFound:
    return NotFound(f"organization {organization!r} does not exist", field="organization", value=organization)
