"""One look for all browsers, and what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from domain.errors import StoreUnavailable
from domain.instants import Instant
from service.dependencies import Dependencies
from service.readiness import DOWN, Readiness, ReadinessCondition
from store.instances.changes import Changes, Cursor
from web.live import hub as hubs
from web.live.hub import CHANGED, LAMP, Hub
from web.live.lamp import lamp_of
from web.live.pacing import FETCHES_A_SECOND
from web.live.shared import Shared

WELL = ReadinessCondition(up=True, figures={})
NOW = Instant(0)


@dataclass
class Log:
    """A change log that a test writes; `looks` counts how often it was asked."""

    organizations: set[str] = field(default_factory=set)
    looks: int = 0
    is_away: bool = False
    heard: Callable[[bool], None] | None = None

    async def since(self, cursor: Cursor | None) -> Changes:
        self.looks += 1
        if self.is_away:
            raise StoreUnavailable("gone")
        found = frozenset() if cursor is None else frozenset(self.organizations)
        self.organizations.clear()
        return Changes(Cursor(self.looks, NOW), found)

    async def listen(self, heard: Callable[[bool], None]) -> None:
        """Nobody tells of changes, as on SQLite, unless `heard` is called."""
        self.heard = heard

    def tells(self, is_told: bool) -> None:
        assert self.heard is not None
        self.heard(is_told)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def hub(log: Log, monkeypatch: pytest.MonkeyPatch) -> Hub:
    async def no_answer(*_: Any) -> Readiness:
        return Readiness(WELL, WELL, WELL, WELL, WELL)

    @dataclass
    class Kept:
        changes: Log

    monkeypatch.setattr(hubs, "readiness", no_answer)
    deps = Dependencies(cast("Any", Kept(log)), cast("Any", None))
    return Hub(lambda: deps, look_seconds=0.001)


async def heard(news: AsyncIterator[str]) -> str:
    return await asyncio.wait_for(anext(news), 5)


async def heard_changed(news: AsyncIterator[str]) -> str:
    """The next news that is none of the lamp."""
    while (what := await heard(news)) == LAMP:
        pass
    return what


async def looked(log: Log) -> None:
    seen = log.looks
    while log.looks < seen + 2:  # noqa: ASYNC110 - the log is only a list
        await asyncio.sleep(0.001)


async def test_only_browsers_of_an_organization_hear_of_its_change(hub: Hub, log: Log) -> None:
    ours, theirs = hub.news("acme"), hub.news("other")
    assert [await heard(ours), await heard(theirs)] == [LAMP] * 2
    await looked(log)
    log.organizations = {"acme"}
    assert await heard_changed(ours) == CHANGED
    assert (hub.turn("acme"), hub.turn("other")) == (1, 0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(heard_changed(theirs), 0.05)


async def test_a_hundred_browsers_cost_one_look_and_nobody_none(hub: Hub, log: Log) -> None:
    listening = [hub.news("acme") for _ in range(100)]
    for one in listening:
        await heard(one)
    before = log.looks
    await asyncio.sleep(0.05)
    assert log.looks - before <= 60
    for one in listening:
        await cast("Any", one).aclose()
    await looked_no_more(hub, log)


async def looked_no_more(hub: Hub, log: Log) -> None:
    assert hub.listeners == 0
    await asyncio.sleep(0.02)
    before = log.looks
    await asyncio.sleep(0.02)
    assert log.looks == before


async def test_what_changed_while_a_browser_was_slow_is_told_once(hub: Hub, log: Log) -> None:
    news = hub.news("acme")
    assert [await heard(news), await heard(news)] == [LAMP, LAMP]
    for _ in range(3):
        log.organizations = {"acme"}
        await looked(log)
    # A change right after one that was told is told when its audience is due again.
    await asyncio.sleep(2 / FETCHES_A_SECOND)
    await looked(log)
    assert await heard(news) == CHANGED
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(news), 0.05)


async def test_news_go_on_after_the_store_was_away(hub: Hub, log: Log) -> None:
    news = hub.news("acme")
    assert [await heard(news), await heard(news)] == [LAMP, LAMP]
    await looked(log)
    log.is_away = True
    await looked(log)
    log.is_away, log.organizations = False, {"acme"}
    assert await heard(news) == CHANGED


async def test_where_changes_are_told_the_store_is_asked_seldom(hub: Hub, log: Log) -> None:
    news = hub.news("acme")
    assert [await heard(news), await heard(news)] == [LAMP, LAMP]
    await looked(log)
    log.tells(True)
    await asyncio.sleep(0.02)
    before = log.looks
    await asyncio.sleep(0.05)
    assert log.looks == before
    log.organizations = {"acme"}
    log.tells(True)
    assert await heard(news) == CHANGED


async def test_what_was_told_to_nobody_is_found_and_the_telling_not_relied_on(
    hub: Hub, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "TOLD_LOOK_SECONDS", 0.05)
    news = hub.news("acme")
    assert [await heard(news), await heard(news)] == [LAMP, LAMP]
    await looked(log)
    log.tells(True)
    await looked(log)
    log.organizations = {"acme"}
    assert await heard(news) == CHANGED
    said = [hub.is_told]
    log.tells(True)
    assert [*said, hub.is_told] == [False, True]


@pytest.mark.parametrize(
    ("down", "word", "kind"),
    [
        ((), "Engine well", "good"),
        (("store", "worker"), "Store away", "bad"),
        (("temporal", "worker"), "Temporal away", "bad"),
        (("worker", "milestones"), "No worker", "bad"),
        (("milestones",), "Engine late", "warn"),
        (("instances",), "Stuck", "warn"),
    ],
)
def test_the_lamp_says_the_worst(down: tuple[str, ...], word: str, kind: str) -> None:
    names = ("store", "temporal", "worker", "milestones", "instances")
    lamp = lamp_of(Readiness(**{name: DOWN if name in down else WELL for name in names}), NOW)
    assert (lamp.word, lamp.kind) == (word, kind)


@pytest.mark.parametrize(("overdue", "sentence"), [(1, "1 milestone should"), (2, "2 milestones should")])
def test_the_lamp_counts_what_is_late(overdue: int, sentence: str) -> None:
    late = ReadinessCondition(up=False, figures={"overdue": overdue})
    assert lamp_of(Readiness(WELL, WELL, WELL, late, WELL), NOW).sentence.startswith(sentence)


async def test_what_many_ask_for_at_once_is_made_once() -> None:
    shared, made = Shared(), []

    async def make() -> str:
        made.append(1)
        await asyncio.sleep(0)
        return "part"

    assert set(await asyncio.gather(*(shared.once("key", make) for _ in range(50)))) == {"part"}
    assert (len(made), await shared.once("another", make), len(made)) == (1, "part", 2)


async def test_whoever_goes_away_takes_it_from_nobody_else() -> None:
    shared, go = Shared(), asyncio.Event()

    async def make() -> str:
        await go.wait()
        return "part"

    first = asyncio.create_task(shared.once("key", make))
    second = asyncio.create_task(shared.once("key", make))
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    assert await second == "part"
