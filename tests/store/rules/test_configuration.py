from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from domain.calendar import Calendar
from domain.errors import Conflict, InvalidValue, InvalidValues, NotFound, Outdated
from domain.ids import InstanceId, Kind, SubjectType
from domain.instants import parse
from domain.policy.escalations import EscalationRule, Trigger
from domain.ticket.tickets import Ticket
from store.lists.listed import ListPart
from store.schema import tables
from store.store import Store
from tests.store.samples import ORGANIZATION, a_policy, a_step, an_opening

NIGHTS = Calendar.from_json({"timezone": "Asia/Tokyo", "weekly_hours": {"fri": [["22:00", "06:00"]]}})
TICKET = Ticket(InstanceId(Kind.SLA, SubjectType.TICKET, "42"))


async def ids(store: Store, kind: Kind | None = None) -> list[str]:
    found = (await store.policies.list(ORGANIZATION, kind, ListPart(100))).rows
    return [stored.policy.id for stored in found]


async def test_an_organization_starts_with_office_hours_in_utc(store: Store) -> None:
    await store.organizations.ensure("other")
    for organization in (ORGANIZATION, "other"):
        default = await store.calendars.default(organization)
        assert default.is_default
        assert not default.calendar.is_open(parse("2026-03-02T08:59:59Z"))
        assert default.calendar.is_open(parse("2026-03-02T09:00:00Z"))
        assert not default.calendar.is_open(parse("2026-03-01T12:00:00Z"))


async def test_an_organization_ensured_by_many_at_once_exists_once(open_store: Callable[[], Store]) -> None:
    everyone = await asyncio.gather(*(open_store().organizations.ensure("new") for _ in range(4)))
    assert everyone == [everyone[0]] * 4


async def test_nothing_is_kept_for_an_organization_that_does_not_exist(store: Store) -> None:
    for attempt in (
        store.organizations.get("nobody"),
        store.catalog("nobody"),
        store.policies.create("nobody", a_policy()),
        store.calendars.create("nobody", "n", NIGHTS),
        store.calendars.list("nobody", ListPart(1)),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_policies_are_evaluated_in_the_order_they_were_created_until_reordered(store: Store) -> None:
    for id_ in ("sla_c", "sla_a", "sla_b"):
        await store.policies.create(ORGANIZATION, a_policy(id_, version=7))
    assert await ids(store) == ["sla_c", "sla_a", "sla_b"]
    await store.policies.reorder(ORGANIZATION, Kind.SLA, ["sla_b", "sla_c", "sla_a"])
    assert await ids(store) == ["sla_b", "sla_c", "sla_a"]
    assert [policy.id for policy in (await store.catalog(ORGANIZATION)).policies] == ["sla_b", "sla_c", "sla_a"]
    assert (await store.policies.get(ORGANIZATION, "sla_a")).policy == a_policy("sla_a")


async def test_a_reordering_of_policies_names_each_live_one_of_its_kind_once_or_changes_nothing(store: Store) -> None:
    for id_, kind in (("a", Kind.SLA), ("b", Kind.SLA), ("o", Kind.OLA), ("c", Kind.SLA), ("gone", Kind.SLA)):
        await store.policies.create(ORGANIZATION, a_policy(id_, kind=kind))
    await store.policies.archive(ORGANIZATION, "gone")
    with pytest.raises(InvalidValues) as refusal:
        await store.policies.reorder(ORGANIZATION, Kind.SLA, ["c", "gone", "c", "o", "b"])
    told = [(fault.value, fault.reason) for fault in refusal.value.faults]
    assert told == [("a", "is missing"), ("gone", "is unknown"), ("o", "is unknown"), ("c", "is doubled")]
    assert await ids(store) == ["a", "b", "o", "c"]
    await store.policies.reorder(ORGANIZATION, Kind.SLA, ["c", "a", "b"])
    assert await ids(store) == ["c", "a", "o", "b"]


async def test_an_organization_without_policies_has_an_empty_order(store: Store) -> None:
    await store.policies.reorder(ORGANIZATION, Kind.SLA, [])
    assert await ids(store) == []


async def test_policies_created_at_once_all_get_a_position_of_their_own(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(3)]
    await asyncio.gather(
        *(stores[number % 3].policies.create(ORGANIZATION, a_policy(f"sla_{number}")) for number in range(9))
    )
    listed = await stores[0].policies.list(ORGANIZATION, None, ListPart(100))
    found, total = listed.rows, listed.total
    assert sorted(stored.position for stored in found) == list(range(1, total + 1)) == list(range(1, 10))


async def test_policies_are_listed_by_kind_and_page(store: Store) -> None:
    for id_, kind in (("a", Kind.SLA), ("b", Kind.OLA), ("c", Kind.SLA)):
        await store.policies.create(ORGANIZATION, a_policy(id_, kind=kind))
    assert await ids(store, Kind.SLA) == ["a", "c"]
    listed = await store.policies.list(ORGANIZATION, None, ListPart(1, 1))
    page, total = listed.rows, listed.total
    assert ([stored.policy.id for stored in page], total) == (["b"], 3)


async def test_a_policy_keeps_every_version_it_ever_had(store: Store) -> None:
    await store.policies.create(ORGANIZATION, a_policy(), changed_by="ann")
    await store.policies.update(ORGANIZATION, a_policy(name="Better"), changed_by="bob")
    await store.policies.archive(ORGANIZATION, "sla_1", changed_by="cid")
    listed = await store.policies.versions(ORGANIZATION, "sla_1", ListPart(100))
    versions, total = listed.rows, listed.total
    assert [(one.policy.version, one.change, one.changed_by) for one in versions] == [
        (1, "created", "ann"),
        (2, "updated", "bob"),
        (3, "archived", "cid"),
    ]
    assert [one.policy.name for one in versions] == ["Policy sla_1", "Better", "Better"]
    page = (await store.policies.versions(ORGANIZATION, "sla_1", ListPart(1, 1))).rows
    assert ([one.policy.version for one in page], total) == ([2], 3)


async def test_a_version_of_a_policy_names_the_key_that_made_it(store: Store) -> None:
    await store.keys.ensure("ak_test_0123456789", "desk", ORGANIZATION, ("sla:write",))
    owner = await store.keys.verify("ak_test_0123456789")
    assert owner is not None
    await store.policies.create(ORGANIZATION, a_policy(), changed_by=owner.id)
    await store.policies.update(ORGANIZATION, a_policy(name="Better"))
    versions = (await store.policies.versions(ORGANIZATION, "sla_1", ListPart(100))).rows
    assert [(one.changed_by, one.key_name) for one in versions] == [(owner.id, "desk"), ("system", None)]


async def test_a_target_or_an_escalation_leads_to_its_policy(store: Store) -> None:
    await store.organizations.ensure("other")
    step = EscalationRule("esc_1", Trigger.BREACHED)
    await store.policies.create(ORGANIZATION, a_policy(escalations=(step,)))
    assert (await store.policies.holding(ORGANIZATION, Kind.SLA, "targets", "target_2")).policy.id == "sla_1"
    assert (await store.policies.holding(ORGANIZATION, Kind.SLA, "escalations", "esc_1")).policy.id == "sla_1"
    for attempt in (
        store.policies.holding(ORGANIZATION, Kind.SLA, "targets", "esc_1"),
        store.policies.holding(ORGANIZATION, Kind.OLA, "targets", "target_2"),
        store.policies.holding("other", Kind.SLA, "targets", "target_2"),
    ):
        with pytest.raises(NotFound):
            await attempt


async def test_of_two_edits_of_the_same_version_the_second_is_refused(store: Store) -> None:
    await store.policies.create(ORGANIZATION, a_policy())
    assert (await store.policies.update(ORGANIZATION, a_policy(name="One"))).policy.version == 2
    with pytest.raises(Outdated):
        await store.policies.update(ORGANIZATION, a_policy(name="Two"))
    assert (await store.policies.get(ORGANIZATION, "sla_1")).policy.name == "One"


async def test_a_policy_that_has_changed_since_is_not_archived_for_those_who_name_its_former_version(
    store: Store,
) -> None:
    await store.policies.create(ORGANIZATION, a_policy())
    await store.policies.update(ORGANIZATION, a_policy(name="Better"))
    with pytest.raises(Outdated, match="since version 1"):
        await store.policies.archive(ORGANIZATION, "sla_1", version=1)
    assert (await store.policies.get(ORGANIZATION, "sla_1")).policy.version == 2
    await store.policies.archive(ORGANIZATION, "sla_1", version=2)
    with pytest.raises(Outdated, match="since version 2"):
        await store.policies.archive(ORGANIZATION, "sla_1", version=2)


async def test_of_edits_and_archivings_of_one_version_at_once_one_is_made(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(3)]
    await stores[0].policies.create(ORGANIZATION, a_policy())
    outcomes = await asyncio.gather(
        *(one.policies.update(ORGANIZATION, a_policy(name="Better")) for one in stores),
        *(one.policies.archive(ORGANIZATION, "sla_1", version=1) for one in stores),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Outdated) for outcome in outcomes) == 5
    assert (await stores[0].policies.versions(ORGANIZATION, "sla_1", ListPart(9))).total == 2


async def test_an_id_chosen_for_a_part_is_taken_once_in_an_organization(store: Store) -> None:
    await store.organizations.ensure("other")
    step = EscalationRule("esc_1", Trigger.BREACHED)
    await store.policies.create(ORGANIZATION, a_policy(kind=Kind.OLA, escalations=(step,)), chosen=("esc_1",))
    await store.policies.archive(ORGANIZATION, "sla_1")
    second = a_policy("sla_2", targets=())
    await store.policies.create(ORGANIZATION, second)
    for attempt in (
        store.policies.create(ORGANIZATION, a_policy("sla_3", escalations=(step,)), chosen=("esc_1",)),
        store.policies.update(ORGANIZATION, replace(second, escalations=(step,)), chosen=("esc_1",)),
        store.policies.update(ORGANIZATION, replace(second, targets=a_policy().targets), chosen=("target_2",)),
    ):
        with pytest.raises(Conflict, match=r"(esc_1|target_2) exists already") as refusal:
            await attempt
        assert refusal.value.field == "id"
    assert await ids(store) == ["sla_2"]
    await store.policies.create("other", a_policy(escalations=(step,)), chosen=("esc_1",))


async def test_of_equal_ids_chosen_at_once_one_is_given(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(4)]
    outcomes = await asyncio.gather(
        *(
            one.policies.create(ORGANIZATION, a_policy(f"sla_{n}"), chosen=("target_1",))
            for n, one in enumerate(stores)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3


async def test_an_archived_policy_matches_nothing_and_is_found_only_when_asked_for(store: Store) -> None:
    await store.policies.create(ORGANIZATION, a_policy())
    await store.policies.archive(ORGANIZATION, "sla_1")
    assert (await store.catalog(ORGANIZATION)).policies == ()
    assert await ids(store) == []
    with pytest.raises(NotFound):
        await store.policies.get(ORGANIZATION, "sla_1")
    assert (await store.policies.get(ORGANIZATION, "sla_1", include_archived=True)).archived_at is not None
    assert (await store.policies.list(ORGANIZATION, None, ListPart(9), include_archived=True)).total == 1


async def test_an_archived_policy_changes_no_more(store: Store) -> None:
    await store.policies.create(ORGANIZATION, a_policy())
    await store.policies.archive(ORGANIZATION, "sla_1")
    with pytest.raises(Conflict, match="is archived"):
        await store.policies.update(ORGANIZATION, a_policy(version=2, name="Better"))
    with pytest.raises(Conflict, match="is archived"):
        await store.policies.archive(ORGANIZATION, "sla_1")
    assert (await store.policies.versions(ORGANIZATION, "sla_1", ListPart(9))).total == 2


async def test_a_policy_with_open_instances_is_not_archived(store: Store) -> None:
    await store.policies.create(ORGANIZATION, a_policy())
    opening = an_opening()
    await store.instances.apply(opening)
    with pytest.raises(Conflict, match=r"1 open instance$"):
        await store.policies.archive(ORGANIZATION, "sla_1")
    await store.instances.apply(a_step(opening, 2, closed_at=parse("2026-03-02T10:00:00Z")))
    await store.policies.archive(ORGANIZATION, "sla_1")


async def test_a_policy_id_is_taken_once_but_in_each_organization(store: Store) -> None:
    await store.organizations.ensure("other")
    await store.policies.create(ORGANIZATION, a_policy())
    await store.policies.create("other", a_policy(name="Theirs"))
    with pytest.raises(Conflict):
        await store.policies.create(ORGANIZATION, a_policy())
    await store.policies.update("other", a_policy(name="Theirs, better"))
    await store.policies.archive("other", "sla_1")
    assert (await store.policies.get(ORGANIZATION, "sla_1")).policy == a_policy()


async def test_a_policy_cannot_measure_in_business_hours_that_do_not_exist(store: Store) -> None:
    with pytest.raises(InvalidValue):
        await store.policies.create(ORGANIZATION, a_policy(business_hours=True, business_hours_id="bh_unknown"))
    await store.organizations.ensure("other")
    theirs = await store.calendars.create("other", "Theirs", NIGHTS)
    with pytest.raises(InvalidValue):
        await store.policies.create(ORGANIZATION, a_policy(business_hours=True, business_hours_id=theirs.id))


async def test_a_calendar_is_changed_by_versions_that_stay(store: Store) -> None:
    made = await store.calendars.create(ORGANIZATION, "Nights", NIGHTS)
    assert made.id.startswith("bh_")
    changed = await store.calendars.update(ORGANIZATION, made.id, 1, "Always", Calendar.always(), changed_by="ann")
    assert (changed.version, changed.name, changed.calendar) == (2, "Always", Calendar.always())
    assert await store.calendars.get(ORGANIZATION, made.id) == changed
    this = tables.calendar_versions.c.calendar_id == made.id
    kept = sa.select(tables.calendar_versions).where(this).order_by(sa.text("version"))
    rows = await store.database.read(lambda conn: conn.execute(kept).all())
    assert [(row.version, row.name, row.changed_by) for row in rows] == [(1, "Nights", "system"), (2, "Always", "ann")]
    assert Calendar.from_json(rows[0].doc) == NIGHTS


async def test_of_two_edits_of_the_same_business_hours_the_second_is_refused(store: Store) -> None:
    made = await store.calendars.create(ORGANIZATION, "Nights", NIGHTS)
    await store.calendars.update(ORGANIZATION, made.id, made.version, "One", NIGHTS)
    with pytest.raises(Outdated, match="since version 1"):
        await store.calendars.update(ORGANIZATION, made.id, made.version, "Two", NIGHTS)
    kept = await store.calendars.get(ORGANIZATION, made.id)
    assert (kept.version, kept.name) == (2, "One")


async def test_calendars_are_listed_by_page_with_the_default_among_them(store: Store) -> None:
    made = [await store.calendars.create(ORGANIZATION, f"Nights {number}", NIGHTS) for number in range(3)]
    listed = await store.calendars.list(ORGANIZATION, ListPart(10))
    total = listed.total
    assert [calendar.id for calendar in listed.rows] == ["bh_default", *(calendar.id for calendar in made)]
    page = (await store.calendars.list(ORGANIZATION, ListPart(2, 2))).rows
    assert ([calendar.id for calendar in page], total) == ([made[1].id, made[2].id], 4)


async def test_business_hours_that_live_policies_use_are_not_deleted(store: Store) -> None:
    made = await store.calendars.create(ORGANIZATION, "Nights", NIGHTS)
    for id_ in ("sla_1", "sla_2"):
        await store.policies.create(ORGANIZATION, a_policy(id_, business_hours=True, business_hours_id=made.id))
    await store.policies.archive(ORGANIZATION, "sla_1")
    with pytest.raises(Conflict, match="are used by sla_2"):
        await store.calendars.delete(ORGANIZATION, made.id)
    await store.policies.update(ORGANIZATION, a_policy("sla_2"))
    await store.calendars.delete(ORGANIZATION, made.id)
    with pytest.raises(NotFound):
        await store.calendars.get(ORGANIZATION, made.id)
    assert made.id not in (await store.catalog(ORGANIZATION)).calendars


async def test_the_default_calendar_can_be_changed_but_not_deleted(store: Store) -> None:
    with pytest.raises(Conflict, match="default"):
        await store.calendars.delete(ORGANIZATION, "bh_default")
    await store.calendars.update(ORGANIZATION, "bh_default", 1, "Nights", NIGHTS)
    assert (await store.calendars.default(ORGANIZATION)).calendar == NIGHTS


async def test_the_catalog_is_kept_until_something_changes(store: Store) -> None:
    first = await store.catalog(ORGANIZATION)
    assert await store.catalog(ORGANIZATION) is first
    await store.policies.create(ORGANIZATION, a_policy(business_hours=True))
    second = await store.catalog(ORGANIZATION)
    snapshot = second.snapshot(TICKET, "2026a")
    assert snapshot is not None
    assert snapshot.calendar.id == "bh_default"
    assert first.snapshot(TICKET, "2026a") is None


async def test_the_catalog_sees_the_change_of_another_process_at_once(open_store: Callable[[], Store]) -> None:
    ours, theirs = open_store(), open_store()
    assert (await ours.catalog(ORGANIZATION)).policies == ()
    await theirs.policies.create(ORGANIZATION, a_policy())
    assert (await ours.catalog(ORGANIZATION)).policies == (a_policy(),)
    await theirs.calendars.update(ORGANIZATION, "bh_default", 1, "Nights", NIGHTS)
    assert (await ours.catalog(ORGANIZATION)).calendars["bh_default"].calendar == NIGHTS


async def test_a_calendar_in_a_catalog_carries_its_version(store: Store) -> None:
    made = await store.calendars.create(ORGANIZATION, "Nights", NIGHTS)
    await store.calendars.update(ORGANIZATION, made.id, 1, "Nights", NIGHTS)
    policy = a_policy(business_hours=True, business_hours_id=made.id)
    await store.policies.create(ORGANIZATION, policy)
    snapshot = (await store.catalog(ORGANIZATION)).snapshot(TICKET, "2026a")
    assert snapshot is not None
    assert (snapshot.calendar.id, snapshot.calendar.version) == (made.id, 2)
    assert snapshot.policy == replace(policy, version=1)
