from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain.calendar import Calendar
from domain.errors import Conflict, InvalidValue, NotFound
from domain.ticket.teams import Team
from store.lists.listed import Found, ListPart
from store.store import Store
from tests.store.samples import ORGANIZATION, a_policy

NIGHTS = Calendar.from_json({"timezone": "Asia/Tokyo", "weekly_hours": {"fri": [["22:00", "06:00"]]}})
ESCALATION = Team("team_escalation", "Escalation", lead="ann@example.com")


def changed(**values: Any) -> Callable[[Team], Team]:
    return lambda team: replace(team, **values)


async def nights(store: Store, organization: str = ORGANIZATION) -> str:
    return (await store.calendars.create(organization, "Nights", NIGHTS)).id


async def test_a_team_is_found_under_the_name_it_was_given(store: Store) -> None:
    created = await store.teams.create(ORGANIZATION, ESCALATION)
    assert created.team == ESCALATION
    assert created.created_at == created.updated_at
    assert await store.teams.get(ORGANIZATION, "team_escalation") == created


async def test_teams_are_listed_page_by_page_oldest_first(store: Store) -> None:
    for id_ in ("c", "a", "b"):
        await store.teams.create(ORGANIZATION, Team(id_, id_))
    listed = await store.teams.list(ORGANIZATION, ListPart(2, 1))
    page, total = listed.rows, listed.total
    assert ([stored.team.id for stored in page], total) == (["a", "b"], 3)


async def test_a_change_of_a_team_leaves_the_rest_of_it_alone(store: Store) -> None:
    created = await store.teams.create(ORGANIZATION, ESCALATION)
    hours = await nights(store)
    updated = await store.teams.update(ORGANIZATION, ESCALATION.id, changed(business_hours_id=hours))
    assert updated.team == replace(ESCALATION, business_hours_id=hours)
    assert updated.created_at == created.created_at
    assert updated.updated_at > created.updated_at
    same = await store.teams.update(ORGANIZATION, ESCALATION.id, changed(name="Escalation"))
    assert same == updated


async def test_changes_of_a_team_at_the_same_moment_all_count(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    await ours.teams.create(ORGANIZATION, ESCALATION)
    await asyncio.gather(
        ours.teams.update(ORGANIZATION, ESCALATION.id, changed(name="Second line")),
        theirs.teams.update(ORGANIZATION, ESCALATION.id, changed(lead=None)),
    )
    assert (await ours.teams.get(ORGANIZATION, ESCALATION.id)).team == Team(ESCALATION.id, "Second line")


async def test_the_id_of_a_team_is_taken_once_but_in_each_organization(store: Store) -> None:
    await store.organizations.ensure("other")
    await store.teams.create(ORGANIZATION, ESCALATION)
    await store.teams.create("other", replace(ESCALATION, name="Theirs"))
    with pytest.raises(Conflict, match="exists already"):
        await store.teams.create(ORGANIZATION, ESCALATION)
    await store.teams.delete("other", ESCALATION.id)
    assert (await store.teams.get(ORGANIZATION, ESCALATION.id)).team == ESCALATION


async def test_of_two_teams_created_under_one_id_at_once_one_is(open_store: Callable[[], Store]) -> None:
    attempts = (open_store().teams.create(ORGANIZATION, ESCALATION) for _ in range(3))
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sorted(isinstance(result, Conflict) for result in results) == [False, True, True]


async def test_a_deleted_team_is_gone_and_its_id_is_free_again(store: Store) -> None:
    await store.teams.create(ORGANIZATION, ESCALATION)
    await store.teams.delete(ORGANIZATION, ESCALATION.id)
    assert await store.teams.list(ORGANIZATION, ListPart(10)) == Found([], 0, None)
    for attempt in (
        store.teams.get(ORGANIZATION, ESCALATION.id),
        store.teams.update(ORGANIZATION, ESCALATION.id, changed(name="x")),
        store.teams.delete(ORGANIZATION, ESCALATION.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    again = await store.teams.create(ORGANIZATION, Team(ESCALATION.id, "Anew"))
    assert again.team == Team(ESCALATION.id, "Anew")


async def test_a_team_works_only_in_business_hours_that_its_organization_has(store: Store) -> None:
    await store.organizations.ensure("other")
    theirs = await nights(store, "other")
    await store.teams.create(ORGANIZATION, ESCALATION)
    for attempt in (
        store.teams.create(ORGANIZATION, Team("t", "T", business_hours_id=theirs)),
        store.teams.update(ORGANIZATION, ESCALATION.id, changed(business_hours_id=theirs)),
    ):
        with pytest.raises(InvalidValue, match="business_hours_id"):
            await attempt
    assert (await store.teams.list(ORGANIZATION, ListPart(10))).total == 1


async def test_business_hours_that_a_live_team_uses_are_not_deleted(store: Store) -> None:
    hours = await nights(store)
    for id_ in ("b", "a", "gone"):
        await store.teams.create(ORGANIZATION, Team(id_, id_, business_hours_id=hours))
    await store.teams.delete(ORGANIZATION, "gone")
    await store.policies.create(ORGANIZATION, a_policy("sla_1", business_hours=True, business_hours_id=hours))
    with pytest.raises(Conflict, match=r"are used by sla_1, team a, team b$"):
        await store.calendars.delete(ORGANIZATION, hours)
    await store.policies.archive(ORGANIZATION, "sla_1")
    for id_ in ("a", "b"):
        await store.teams.update(ORGANIZATION, id_, changed(business_hours_id=None))
    await store.calendars.delete(ORGANIZATION, hours)


async def test_the_catalog_sees_every_change_of_a_team_at_once(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    assert (await ours.catalog(ORGANIZATION)).teams == {}
    await theirs.teams.create(ORGANIZATION, ESCALATION)
    assert (await ours.catalog(ORGANIZATION)).teams == {ESCALATION.id: ESCALATION}
    await theirs.teams.update(ORGANIZATION, ESCALATION.id, changed(lead=None))
    assert (await ours.catalog(ORGANIZATION)).teams[ESCALATION.id].lead is None
    await theirs.teams.delete(ORGANIZATION, ESCALATION.id)
    assert (await ours.catalog(ORGANIZATION)).teams == {}


async def test_nothing_is_kept_for_teams_of_an_organization_that_does_not_exist(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.teams.create("nobody", ESCALATION)
