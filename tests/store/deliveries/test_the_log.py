"""The log of deliveries: what records say, what workers note beside it, and what is sent once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from domain.analytics.periods import Period, read_period
from domain.errors import Conflict, NotFound
from domain.instants import DAY, MINUTE, SECOND, Instant, Micros, render
from domain.record.deliveries import NO_CHANNEL, DeliveryKey, DeliveryState
from domain.record.records import DEAD, DELIVERED, Delivery, Record
from store.deliveries.attempts import FailedAttempts
from store.deliveries.entries import ENTRIES, LOGGED, N
from store.deliveries.log import DeliveryFilters, LoggedDelivery
from store.deliveries.resends import LEASE, Resends
from store.lists.keys import Place
from store.lists.listed import ListPart
from store.schema.tables import notices
from store.schema.tenancy import own
from store.store import Store
from tests.store.analytics.test_analytics import Explain
from tests.store.conftest import Filled
from tests.store.samples import OPENED, ORGANIZATION, a_firing, a_step, an_opening

DESK = "webhook:rcv_desk"
ANY = DeliveryFilters()


def a_notice(opening: Record, milestone: str = "halfway", minutes: float = 30, **data: Any) -> dict[str, Any]:
    at = render(Instant(OPENED + round(minutes * MINUTE)))
    facts = {"planned_at": at, "fired_at": at, "policy": {"id": "sla_1"}, "withdraws": None, **data}
    return {
        "id": f"{opening.organization}/{opening.instance_id}/first_response/1/{milestone}/1",
        "source": f"/sla/{opening.organization}",
        "subject": opening.instance_id,
        "type": f"sla.{milestone}",
        "data": facts,
    }


def sent(notice: dict[str, Any], seconds: float = 2, channel: str = DESK, status: str = DELIVERED) -> Delivery:
    fired = Instant(OPENED + 30 * MINUTE)
    at = Instant(fired + round(seconds * SECOND))
    return Delivery(notice["id"], channel, status, at, "" if status == DELIVERED else "answered 400", fired)


def key_of(notice: dict[str, Any], channel: str | None = DESK) -> DeliveryKey:
    return DeliveryKey(notice["source"].removeprefix("/sla/"), notice["subject"], notice["id"], channel)


def in_vain(notice: dict[str, Any], count: int = 1, channel: str = DESK, seconds: float = 1) -> FailedAttempts:
    began = Instant(OPENED + 30 * MINUTE)
    ended = Instant(began + round(seconds * SECOND))
    return FailedAttempts(key_of(notice, channel), count, began, ended, f"answered 503 after {seconds:g} s")


async def told(store: Store, *deliveries: Delivery, subject: str = "42", **changes: Any) -> dict[str, Any]:
    """A notice that fired, with what has become of it so far."""
    opening = an_opening(subject, organization=changes.pop("organization", ORGANIZATION))
    await store.instances.apply(opening)
    notice = a_notice(opening, **changes.pop("notice", {}))
    ours = [replace(one, notice_id=notice["id"]) for one in deliveries]
    settled = (notice["id"],) if changes.pop("settled", bool(ours)) else ()
    step = a_step(opening, 2, notices=(notice,), firings=(a_firing(),), deliveries=tuple(ours), settled=settled)
    await store.instances.apply(replace(step, **changes))
    return notice


async def listed(store: Store, filters: DeliveryFilters = ANY, **options: Any) -> list[LoggedDelivery]:
    page = await store.deliveries.page(ORGANIZATION, filters, **{"limit": 100, **options})
    return list(page.deliveries)


def states(found: list[LoggedDelivery]) -> dict[str | None, str]:
    return {one.key.channel: one.state.value for one in found}


async def test_a_notice_is_in_the_log_once_for_each_channel_with_all_that_is_known(store: Store) -> None:
    stub = {"id": ""}
    notice = await told(store, sent(stub), sent(stub, 0.1, "log"), sent(stub, 3, "email:rcv_ada", DEAD))
    found = {one.key.channel: one for one in await listed(store)}
    desk, ada = found[DESK], found["email:rcv_ada"]
    assert sorted(found, key=str) == ["email:rcv_ada", "log", DESK]
    assert (desk.key, desk.type, desk.policy_id) == (key_of(notice), "halfway", "sla_1")
    assert (desk.state, desk.attempts, desk.error, desk.resends) == (DeliveryState.DELIVERED, 1, None, 0)
    fired = Instant(OPENED + 30 * MINUTE)
    assert (desk.planned_at, desk.fired_at, desk.sent_at) == (fired, fired, fired)
    assert desk.taken_at == Instant(fired + 2 * SECOND)
    assert (ada.state, ada.taken_at, ada.error) == (DeliveryState.DEAD, None, "answered 400")
    assert await store.deliveries.get(key_of(notice)) == desk


async def test_what_is_on_its_way_is_pending_until_it_is_tried_and_what_was_for_nobody_is_skipped(store: Store) -> None:
    await told(store)
    skipped = await told(store, subject="43", settled=True)
    assert {(one.key.instance_id, one.key.channel, one.state.value, one.attempts) for one in await listed(store)} == {
        ("inst_sla_ticket_42", None, "pending", 0),
        ("inst_sla_ticket_43", None, "skipped", 0),
    }
    assert (await store.deliveries.get(key_of(skipped, None))).state is DeliveryState.SKIPPED


async def test_attempts_in_vain_are_seen_while_they_are_made_and_counted_when_it_is_over(store: Store) -> None:
    notice = await told(store)
    assert await store.attempts.add([in_vain(notice)]) == []
    await store.attempts.add([in_vain(notice, 3, seconds=9)])
    (one,) = await listed(store)
    assert (one.state, one.attempts, one.error) == (DeliveryState.RETRIED, 4, "answered 503 after 9 s")
    assert one.taken_at is None
    opening = an_opening("42")
    taken = replace(sent(notice, 20), notice_id=notice["id"])
    await store.instances.apply(a_step(opening, 3, deliveries=(taken,), settled=(notice["id"],)))
    (one,) = await listed(store)
    assert (one.state, one.attempts, one.error) == (DeliveryState.DELIVERED, 5, None)


async def test_what_waits_for_its_receiver_says_what_for_and_counts_no_attempt(store: Store) -> None:
    notice = await told(store)
    waiting = replace(in_vain(notice, 0, seconds=4), began_at=None, error="it is left alone for a while")
    await store.attempts.add([waiting])
    (one,) = await listed(store)
    assert (one.state, one.attempts, one.sent_at) == (DeliveryState.RETRIED, 0, None)
    assert one.error == "it is left alone for a while"
    await store.attempts.add([in_vain(notice)])
    await store.attempts.add([waiting])
    (one,) = await listed(store)
    assert (one.attempts, one.sent_at, one.error) == (1, OPENED + 30 * MINUTE, "it is left alone for a while")


async def test_a_note_that_comes_late_changes_no_outcome(store: Store) -> None:
    notice = await told(store, sent({"id": ""}))
    await store.attempts.add([in_vain(notice)])
    (one,) = await listed(store)
    assert (one.state, one.attempts, one.error) == (DeliveryState.DELIVERED, 2, None)
    assert one.taken_at == Instant(OPENED + 30 * MINUTE + 2 * SECOND)


async def test_notes_of_an_instance_that_is_not_recorded_come_back_and_hold_up_no_other(store: Store) -> None:
    notice = await told(store)
    unknown = in_vain(a_notice(an_opening("77")))
    assert await store.attempts.add([unknown, in_vain(notice)]) == [unknown]
    assert states(await listed(store)) == {DESK: "retried"}


async def test_an_instance_that_goes_on_from_its_record_takes_no_attempt_for_an_outcome(store: Store) -> None:
    notice = await told(store)
    await store.attempts.add([in_vain(notice)])
    loaded = await store.instances.load(ORGANIZATION, notice["subject"])
    assert loaded is not None
    assert [settled for _, settled in loaded.undelivered] == [()]
    assert await store.instances.deliveries(ORGANIZATION, notice["subject"], [notice["id"]]) == []


async def test_what_was_tried_on_a_channel_that_is_gone_is_dead_once_its_notice_waits_for_none(store: Store) -> None:
    notice = await told(store)
    await store.attempts.add([in_vain(notice, 2)])
    assert await store.attempts.end() == 0
    await store.instances.apply(a_step(an_opening("42"), 3, settled=(notice["id"],)))
    assert await store.attempts.end() == 1
    (one,) = await listed(store)
    assert (one.state, one.error, one.attempts) == (DeliveryState.DEAD, NO_CHANNEL, 2)


async def test_a_withdrawal_was_not_planned_and_fired_when_the_notice_proved_wrong(store: Store) -> None:
    opening = an_opening()
    gone = a_firing(withdrawn_at=Instant(OPENED + 50 * MINUTE))
    notice = a_notice(opening) | {"type": "sla.withdrawn"}
    notice["id"] += "/withdrawn"
    await store.instances.apply(opening)
    await store.instances.apply(a_step(opening, 2, notices=(notice,), firings=(gone,)))
    (one,) = await listed(store)
    assert (one.type, one.planned_at, one.fired_at) == ("withdrawn", None, gone.withdrawn_at)


async def with_one_of_each_state(store: Store) -> None:
    stub = {"id": ""}
    await told(store, sent(stub), subject="42")
    await told(store, sent(stub, 1, "email:rcv_ada", DEAD), subject="43")
    await told(store, subject="44", notice={"milestone": "breached", "minutes": 60})
    retried = await told(store, subject="45", notice={"policy": {"id": "sla_other"}})
    await store.attempts.add([in_vain(retried)])


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (DeliveryFilters(states=[DeliveryState.DEAD]), {"43"}),
        (DeliveryFilters(states=[DeliveryState.PENDING, DeliveryState.RETRIED]), {"44", "45"}),
        (DeliveryFilters(states=[DeliveryState.DELIVERED]), {"42"}),
        (DeliveryFilters(kinds=["email"]), {"43"}),
        (DeliveryFilters(receivers=["rcv_desk", "rcv_x"]), {"42", "45"}),
        (DeliveryFilters(receivers=["RCV_DESK"]), set()),
        (DeliveryFilters(types=["breached"]), {"44"}),
        (DeliveryFilters(instance_ids=["inst_sla_ticket_43", "inst_ola_ticket_42"]), {"43"}),
        (DeliveryFilters(policy_ids=["sla_other"]), {"45"}),
        (DeliveryFilters(since=Instant(OPENED + 60 * MINUTE)), {"44"}),
        (DeliveryFilters(until=Instant(OPENED + 60 * MINUTE)), {"42", "43", "45"}),
    ],
    ids=[
        *("dead", "on their way", "delivered", "by kind of channel", "by receiver", "by receiver in another case"),
        *("by type", "by instance", "by policy", "since", "until"),
    ],
)
async def test_the_log_is_narrowed(filled_by: Filled, filters: DeliveryFilters, found: set[str]) -> None:
    store = await filled_by(with_one_of_each_state)
    entries = await listed(store, filters)
    assert {one.key.instance_id.rpartition("_")[2] for one in entries} == found
    assert (await store.deliveries.page(ORGANIZATION, filters, limit=1)).total == len(found)


async def test_pages_hold_every_entry_once_newest_first_whatever_comes_meanwhile(store: Store) -> None:
    stub = {"id": ""}
    for number in range(5):
        await told(store, sent(stub), sent(stub, 1, "log"), subject=str(number), notice={"minutes": 30 + number // 2})
    place: Place | None = None
    seen: list[LoggedDelivery] = []
    while True:
        page = await store.deliveries.page(ORGANIZATION, ANY, limit=3, after=place)
        seen += page.deliveries
        assert page.total == 10 + (len(seen) > 3)
        if len(seen) == 3:
            await told(store, subject="new", notice={"minutes": 90})
        place = page.last
        if place is None:
            break
    assert len({one.key for one in seen}) == len(seen) == 10
    assert [one.fired_at for one in seen] == sorted((one.fired_at for one in seen), reverse=True)
    assert await listed(store, offset=9) == (await listed(store))[9:]


async def with_entries_that_lack_something(store: Store) -> None:
    """Of each state one, so that some of it is absent in most columns."""
    stub = {"id": ""}
    await told(store, sent(stub), sent(stub, 3, "email:rcv_ada", DEAD), subject="1")
    await told(store, subject="2", settled=True)
    retried = await told(store, subject="3", notice={"milestone": "breached", "minutes": 60, "policy": {}})
    await store.attempts.add([in_vain(retried, 11)])
    await told(store, subject="4")


@pytest.mark.parametrize("name", LOGGED.sortable)
async def test_every_order_of_the_log_reads_each_entry_once(filled_by: Filled, name: str) -> None:
    store = await filled_by(with_entries_that_lack_something)
    every = {one.key for one in await listed(store)}
    for sort in (name, f"-{name}"):
        seen: list[LoggedDelivery] = []
        place: Place | None = None
        while len(seen) <= len(every):
            page = await store.deliveries.page(ORGANIZATION, ANY, limit=2, after=place, sort=sort)
            seen += page.deliveries
            place = page.last
            if place is None:
                break
        assert (len(seen), {one.key for one in seen}) == (5, every)


def explained(statement: sa.Select[Any]) -> Callable[[sa.Connection], Any]:
    return lambda conn: conn.execute(Explain(statement)).all()


@pytest.mark.parametrize("after", [None, ("2026-03-02T09:30:00Z", "x", "")], ids=["first page", "read on"])
async def test_the_newest_of_the_log_are_found_by_their_index(store: Store, backend: str, after: Place | None) -> None:
    for number in range(3):
        await told(store, sent({"id": ""}), subject=str(number))
    every = sa.select(*N).select_from(ENTRIES).where(own(notices, ORGANIZATION))
    for sort in ("-fired_at", "fired_at"):
        statement = LOGGED.statement(every, ListPart(2, after=after, sort=sort)).limit(3)
        how = str(await store.database.read(explained(statement)))
        if backend == "sqlite":
            assert "INDEX ix_notices_log " in how
            assert "TEMP B-TREE FOR ORDER BY" not in how
    # One index, read from either end.
    oldest = await listed(store, sort="fired_at")
    assert oldest == (await listed(store))[::-1]


async def test_nothing_of_another_organizations_log_is_seen_or_sent(store: Store) -> None:
    await store.organizations.ensure("other")
    theirs = await told(store, sent({"id": ""}, status=DEAD), organization="other")
    assert await listed(store) == []
    key = replace(key_of(theirs), organization=ORGANIZATION)
    for ask in (store.deliveries.get, store.resends.ask):
        with pytest.raises(NotFound):
            await ask(key)
    assert await store.resends.ask_dead(ORGANIZATION, "rcv_desk", Instant(0), 10) == (0, 0)
    assert await store.deliveries.notice(ORGANIZATION, theirs["id"]) is None
    assert await store.deliveries.notice("other", theirs["id"]) == theirs


# Sent once more


async def test_a_dead_letter_that_is_taken_after_all_is_the_same_entry(store: Store) -> None:
    notice = await told(store, sent({"id": ""}, status=DEAD))
    asked = await store.resends.ask(key_of(notice))
    assert (asked.state, asked.resends, asked.error) == (DeliveryState.PENDING, 1, "answered 400")
    assert asked.attempts == 1
    (resend,) = await store.resends.take_up(10)
    assert (resend.key, resend.notice, resend.tries) == (key_of(notice), notice, 0)
    assert await store.resends.take_up(10) == []
    began, at = Instant(OPENED + DAY), Instant(OPENED + DAY + SECOND)
    assert await store.resends.postpone(resend, began, Instant(store.resends.now() - 1), "answered 503")
    assert states(await listed(store)) == {DESK: "retried"}
    (resend,) = await store.resends.take_up(10)
    assert resend.tries == 1
    assert await store.resends.taken(resend, began, at)
    (one,) = await listed(store)
    assert (one.state, one.taken_at, one.sent_at) == (DeliveryState.DELIVERED, at, began)
    assert (one.attempts, one.resends, one.error) == (3, 1, None)


async def test_what_was_delivered_stays_so_when_it_is_sent_once_more_whatever_comes_of_it(store: Store) -> None:
    notice = await told(store, sent({"id": ""}))
    first = (await store.deliveries.get(key_of(notice))).taken_at
    await store.resends.ask(key_of(notice))
    (resend,) = await store.resends.take_up(10)
    assert await store.resends.given_up(resend, Instant(OPENED + DAY), Instant(OPENED + DAY), "answered 410")
    one = await store.deliveries.get(key_of(notice))
    assert (one.state, one.taken_at, one.error) == (DeliveryState.DELIVERED, first, "answered 410")


async def test_only_what_is_settled_is_sent_once_more(store: Store) -> None:
    pending = await told(store)
    with pytest.raises(Conflict, match="on its way"):
        await store.resends.ask(key_of(pending, None))
    await store.attempts.add([in_vain(pending)])
    with pytest.raises(Conflict, match="tried again"):
        await store.resends.ask(key_of(pending))
    skipped = await told(store, subject="43", settled=True)
    with pytest.raises(Conflict, match="for nobody"):
        await store.resends.ask(key_of(skipped, None))
    dead = await told(store, sent({"id": ""}, status=DEAD), subject="44")
    await store.resends.ask(key_of(dead))
    with pytest.raises(Conflict, match="on its way"):
        await store.resends.ask(key_of(dead))


async def test_of_several_workers_one_has_it_and_when_that_one_is_killed_another(
    open_store: Callable[[], Store],
) -> None:
    ours, theirs = open_store(), open_store()
    notice = await told(ours, sent({"id": ""}, status=DEAD))
    await ours.resends.ask(key_of(notice))
    (lost,) = await ours.resends.take_up(10)
    assert await theirs.resends.take_up(10) == []
    later = Resends(theirs.database, lambda: Instant(ours.resends.now() + LEASE + 1))
    (found,) = await later.take_up(10)
    assert found.key == lost.key
    assert not await ours.resends.taken(lost, OPENED, OPENED)
    assert await later.taken(found, OPENED, OPENED)


async def test_dead_letters_of_a_receiver_are_sent_once_more_the_oldest_first(store: Store) -> None:
    stub = {"id": ""}
    for number in range(4):
        await told(store, sent(stub, number, status=DEAD), subject=str(number))
    await told(store, sent(stub, 9, "webhook:rcv_other", DEAD), subject="other")
    await told(store, sent(stub, 9), subject="delivered")
    since = Instant(OPENED + 30 * MINUTE + SECOND)
    assert await store.resends.ask_dead(ORGANIZATION, "rcv_desk", since, 2) == (2, 1)
    asked = {one.key.instance_id for one in await store.resends.take_up(10)}
    assert asked == {"inst_sla_ticket_1", "inst_sla_ticket_2"}
    assert await store.resends.ask_dead(ORGANIZATION, "rcv_desk", since, 2) == (1, 0)


async def test_a_record_that_comes_late_takes_nothing_back_that_was_sent_once_more(store: Store) -> None:
    notice = await told(store, sent({"id": ""}, status=DEAD))
    await store.resends.ask(key_of(notice))
    (resend,) = await store.resends.take_up(10)
    await store.resends.taken(resend, OPENED, OPENED)
    again = sent(notice, status=DEAD)
    await store.instances.apply(a_step(an_opening("42"), 3, deliveries=(again,)))
    assert states(await listed(store)) == {DESK: "delivered"}


# Lateness


def the_day() -> Period:
    return read_period("2026-03-02", "2026-03-02", "UTC", OPENED)


async def test_lateness_is_measured_by_channel_from_what_was_planned_and_from_what_fired(store: Store) -> None:
    stub = {"id": ""}
    fired = render(Instant(OPENED + 30 * MINUTE))
    early = render(Instant(OPENED + 29 * MINUTE))
    for number in range(1, 101):
        await told(
            store,
            sent(stub, number / 1000),
            sent(stub, 0.0005, "log"),
            subject=str(number),
            notice={"planned_at": early, "fired_at": fired},
        )
    await told(store, sent(stub, 5, status=DEAD), subject="dead")
    await told(store, subject="pending")
    await told(store, sent(stub, 60), subject="other day", notice={"minutes": 24 * 60})
    found = {one.channel: one for one in await store.analytics.lateness(ORGANIZATION, the_day(), ANY)}
    webhook = found["webhook"]
    assert webhook.counts == {DeliveryState.DELIVERED: 100, DeliveryState.DEAD: 1}
    assert webhook.lateness.from_fired == {"p50": 50_000, "p95": 95_000, "p99": 99_000, "max": 100_000}
    assert webhook.lateness.from_planned["p50"] == Micros(60_050_000)
    assert found["log"].lateness.from_fired == dict.fromkeys(("p50", "p95", "p99", "max"), 500)
    assert (found[None].counts, found[None].lateness.from_fired) == ({DeliveryState.PENDING: 1}, {})
    only = await store.analytics.lateness(ORGANIZATION, the_day(), DeliveryFilters(receivers=["rcv_desk"]))
    assert [one.channel for one in only] == ["webhook"]
    assert await store.analytics.lateness("nobody", the_day(), ANY) == []


# Templates


async def test_templates_are_one_organizations_and_come_back_as_they_were_kept(store: Store) -> None:
    await store.organizations.ensure("other")
    kept = await store.templates.put(ORGANIZATION, "email", {"text": "{{ sentence }} ö"})
    await store.templates.put("other", "email", {"subject": "theirs"})
    assert await store.templates.of(ORGANIZATION) == {"email": kept}
    await store.templates.put(ORGANIZATION, "email", {"html": "<b>"})
    assert (await store.templates.of(ORGANIZATION))["email"].parts == {"html": "<b>"}
    assert await store.templates.delete(ORGANIZATION, "email")
    assert not await store.templates.delete(ORGANIZATION, "email")
    assert list(await store.templates.of("other")) == ["email"]
