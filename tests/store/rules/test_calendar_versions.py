"""Every version that business hours had, and who made it."""

from __future__ import annotations

import pytest

from domain.calendar import Calendar
from domain.errors import NotFound
from store.lists.listed import ListPart
from store.store import Store
from tests.store.samples import ORGANIZATION

YEARLY = Calendar.from_json(
    {
        "timezone": "Asia/Tokyo",
        "weekly_hours": {"fri": [["22:00", "06:00"]]},
        "holidays": [{"from": "12-24", "to": "01-02", "name": "Works holidays", "closed": [["00:00", "06:00"]]}],
        "special_openings": {"2026-12-25": [["10:00", "11:00"]]},
        "public_holidays": [
            {
                "country": "JP",
                "subdivision": None,
                "release": "1",
                "from_year": 2026,
                "to_year": 2026,
                "holidays": ["2026-01-01"],
            }
        ],
    }
)


async def test_versions_are_listed_oldest_first_with_who_made_them(store: Store) -> None:
    made = await store.calendars.create(ORGANIZATION, "Yearly", YEARLY)
    changed = await store.calendars.update(ORGANIZATION, made.id, 1, "Always", Calendar.always(), "key_of_nobody")
    listed = await store.calendars.versions(ORGANIZATION, made.id, ListPart(10))
    found, total = listed.rows, listed.total
    assert total == 2
    assert [(one.version, one.name, one.calendar, one.changed_by, one.key_name) for one in found] == [
        (1, "Yearly", YEARLY, "system", None),
        (2, "Always", Calendar.always(), "key_of_nobody", None),
    ]
    assert [one.changed_at for one in found] == [made.created_at, changed.updated_at]
    page = (await store.calendars.versions(ORGANIZATION, made.id, ListPart(1, 1))).rows
    assert [one.version for one in page] == [2]


async def test_a_version_is_found_by_its_number(store: Store) -> None:
    made = await store.calendars.create(ORGANIZATION, "Yearly", YEARLY)
    await store.calendars.update(ORGANIZATION, made.id, 1, "Always", Calendar.always())
    assert (await store.calendars.version(ORGANIZATION, made.id, 1)).calendar == YEARLY
    with pytest.raises(NotFound, match="no version 3"):
        await store.calendars.version(ORGANIZATION, made.id, 3)


async def test_another_organization_finds_no_versions(store: Store) -> None:
    made = await store.calendars.create(ORGANIZATION, "Yearly", YEARLY)
    await store.organizations.ensure("other")
    with pytest.raises(NotFound):
        await store.calendars.versions("other", made.id, ListPart(10))
    with pytest.raises(NotFound):
        await store.calendars.version("other", made.id, 1)
