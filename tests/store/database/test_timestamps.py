from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from domain.errors import InvalidValue
from domain.instants import Instant, from_datetime
from store.database.connections import Database
from store.schema.tables import organizations
from store.store import Store

TOKYO = timezone(timedelta(hours=9))
MOMENTS = [
    datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=TOKYO),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2100, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, 0, 1, tzinfo=UTC),
]


async def write_and_read(database: Database, moment: datetime) -> datetime:
    await database.write(lambda conn: conn.execute(sa.update(organizations).values(created_at=moment)))
    found = await database.read(lambda conn: conn.scalar(sa.select(organizations.c.created_at)))
    assert isinstance(found, datetime)
    return found


@pytest.mark.parametrize("moment", MOMENTS)
async def test_a_moment_comes_back_in_utc_to_the_microsecond(store: Store, moment: datetime) -> None:
    found = await write_and_read(store.database, moment)
    assert found == moment
    assert found.tzinfo is UTC


async def test_a_naive_timestamp_is_refused_and_nothing_is_written(store: Store) -> None:
    before = await write_and_read(store.database, MOMENTS[0])
    with pytest.raises(InvalidValue, match="UTC offset"):
        await write_and_read(store.database, MOMENTS[0].replace(tzinfo=None))
    assert await store.database.read(lambda conn: conn.scalar(sa.select(organizations.c.created_at))) == before


async def test_a_comparison_with_a_naive_timestamp_is_refused_too(store: Store) -> None:
    naive = datetime(2026, 3, 2, 9)  # noqa: DTZ001
    with pytest.raises(InvalidValue):
        await store.database.read(
            lambda conn: conn.scalar(sa.select(organizations.c.id).where(organizations.c.created_at < naive))
        )


async def test_moments_compare_as_instants_whatever_their_offset(store: Store) -> None:
    await write_and_read(store.database, MOMENTS[0])
    a_moment_later = (MOMENTS[0] + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=-11)))
    earlier = sa.select(organizations.c.id).where(organizations.c.created_at < a_moment_later)
    assert await store.database.read(lambda conn: conn.scalar(earlier)) == "default"


async def test_the_store_takes_its_time_of_writing_from_the_clock_it_is_given(database_url: str) -> None:
    at = from_datetime(MOMENTS[0])
    store = Store.open(database_url, now=lambda: Instant(at))
    made = await store.calendars.create("default", "n", (await store.calendars.default("default")).calendar)
    assert (made.created_at, made.updated_at) == (at, at)
    await store.close()
