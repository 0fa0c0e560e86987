from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain.access.subscriptions import Subscription
from domain.calendar import Calendar
from domain.errors import Conflict, InvalidValue, NotFound
from domain.instants import Instant
from store.access.organizations import NEVER, Organization
from store.store import Store

MONDAYS = Calendar.from_json({"timezone": "UTC", "weekly_hours": {"mon": [["09:00", "17:00"]]}})


async def test_a_new_organization_is_enterprise_in_utc_with_hours_of_its_own(store: Store) -> None:
    made = await store.organizations.create("acme")
    assert made == Organization("acme", "acme", Subscription.ENTERPRISE, "UTC", 1, "bh_default")
    assert (await store.calendars.default("acme")).is_default
    assert await store.organizations.ensure("acme") == made


async def test_an_organization_is_what_it_was_made_as(store: Store) -> None:
    made = await store.organizations.create(
        "acme", name="Acme Ltd", timezone="Europe/Berlin", subscription=Subscription.STARTER
    )
    assert made == Organization("acme", "Acme Ltd", Subscription.STARTER, "Europe/Berlin", 1, "bh_default")
    assert await store.organizations.get("acme") == made


async def test_an_organization_is_made_once(open_store: Callable[[], Store]) -> None:
    attempts = (open_store().organizations.create("acme", name=str(number)) for number in range(4))
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    made = [outcome for outcome in outcomes if isinstance(outcome, Organization)]
    assert len(made) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3
    assert await open_store().organizations.get("acme") == made[0]


async def test_organizations_are_listed_by_their_ids(store: Store) -> None:
    for organization in ("zeta", "acme"):
        await store.organizations.create(organization)
    assert [one.id for one in await store.organizations.list()] == ["acme", "default", "zeta"]


async def test_only_what_is_given_changes_and_every_change_counts(store: Store) -> None:
    before = await store.organizations.create("acme")
    hours = (await store.calendars.create("acme", "Mondays", MONDAYS)).id
    changes: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
        ({"name": "Acme Ltd"}, {"name": "Acme Ltd"}),
        ({"timezone": "Asia/Tokyo"}, {"timezone": "Asia/Tokyo"}),
        ({"subscription": Subscription.PROFESSIONAL}, {"subscription": Subscription.PROFESSIONAL}),
        ({"default_calendar_id": hours}, {"default_calendar_id": hours}),
        ({"quiet_before": Instant(5)}, {"quiet_before": Instant(5)}),
        ({"quiet_before": NEVER}, {"quiet_before": None}),
    )
    expected = replace(before, config_version=before.config_version + 1)
    for given, changed in changes:
        expected = replace(expected, config_version=expected.config_version + 1, **changed)
        assert await store.organizations.change("acme", **given) == expected
    assert await store.organizations.get("acme") == expected
    assert (await store.organizations.get("default")).name == "default"


async def test_until_when_tickets_are_opened_quietly_is_in_the_next_catalog(store: Store) -> None:
    assert (await store.catalog("default")).quiet_before is None
    await store.organizations.change("default", quiet_before=Instant(5))
    assert (await store.catalog("default")).quiet_before == Instant(5)


async def test_another_zone_is_in_the_next_catalog(store: Store) -> None:
    assert (await store.catalog("default")).timezone == "UTC"
    await store.organizations.change("default", timezone="Asia/Tokyo")
    assert (await store.catalog("default")).timezone == "Asia/Tokyo"


async def test_other_default_hours_are_in_the_next_catalog(store: Store) -> None:
    hours = (await store.calendars.create("default", "Mondays", MONDAYS)).id
    assert (await store.catalog("default")).default_calendar_id == "bh_default"
    await store.organizations.change("default", default_calendar_id=hours)
    assert (await store.catalog("default")).default_calendar_id == hours
    await store.calendars.delete("default", "bh_default")


async def test_default_hours_are_live_ones_of_the_organization(store: Store) -> None:
    await store.organizations.create("other")
    foreign = (await store.calendars.create("other", "Mondays", MONDAYS)).id
    deleted = (await store.calendars.create("default", "Mondays", MONDAYS)).id
    await store.calendars.delete("default", deleted)
    before = await store.organizations.get("default")
    for hours in (foreign, deleted, "", "bh_unknown"):
        with pytest.raises(InvalidValue) as refusal:
            await store.organizations.change("default", name="not this either", default_calendar_id=hours)
        assert (refusal.value.field, refusal.value.value) == ("default_business_hours_id", hours)
    assert await store.organizations.get("default") == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "Mars"}, "timezone"),
    ],
)
async def test_a_bad_value_is_named_and_nothing_is_made_or_changed(
    store: Store, given: dict[str, Any], field: str
) -> None:
    before = await store.organizations.get("default")
    for attempt in (store.organizations.change("default", **given), store.organizations.create("acme", **given)):
        with pytest.raises(InvalidValue) as refusal:
            await attempt
        assert refusal.value.field == field
    assert await store.organizations.list() == [before]


async def test_an_organization_that_does_not_exist_is_named(store: Store) -> None:
    for attempt in (store.organizations.get("nobody"), store.organizations.change("nobody", name="x")):
        with pytest.raises(NotFound, match="nobody"):
            await attempt


async def test_an_id_that_would_not_fit_into_a_workflow_id_is_refused(store: Store) -> None:
    for bad in ("", "a/b", "x" * 65, "ä"):
        with pytest.raises(InvalidValue):
            await store.organizations.create(bad)


@pytest.mark.parametrize(
    ("plan", "covered"),
    [("starter", ["starter"]), ("professional", ["starter", "professional"]), ("enterprise", [*Subscription])],
)
def test_a_plan_covers_itself_and_the_smaller_ones(plan: str, covered: list[str]) -> None:
    assert [one for one in Subscription if Subscription(plan).covers(one)] == covered
