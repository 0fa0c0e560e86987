"""On PostgreSQL browsers are told as soon as a record is committed, and a lost connection keeps no news from them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest

from service.dependencies import Dependencies
from service.readiness import Readiness, ReadinessCondition
from store.database.backends import bell
from store.store import Store
from tests.store.conftest import PostgresServer, postgres  # noqa: F401 - the same real server
from tests.store.database.test_bell import terminated
from tests.store.samples import an_opening
from web.live import hub as hubs
from web.live.hub import CHANGED, LAMP, Hub
from web.live.pacing import Pacing

NEVER = 3600.0
WELL = ReadinessCondition(up=True, figures={})


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:  # noqa: F811
    name = postgres.create()
    yield postgres.url_of(name)
    postgres.drop(name)


@dataclass
class Listening:
    """A browser at one process; `worker` is the store of another."""

    news: AsyncIterator[str]
    worker: Store

    async def record(self, number: str) -> None:
        await self.worker.instances.apply(an_opening(number))

    async def hears_of_a_change(self, seconds: float = 10) -> bool:
        try:
            async with asyncio.timeout(seconds):
                while await anext(self.news) != CHANGED:
                    pass
        except TimeoutError:
            return False
        return True


@pytest.fixture
async def browser(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listening]:
    """Nothing is seen by looking now and then: the next look would be an hour away."""

    async def no_answer(*_: Any) -> Readiness:
        return Readiness(WELL, WELL, WELL, WELL, WELL)

    monkeypatch.setattr(hubs, "readiness", no_answer)
    for name in ("TOLD_LOOK_SECONDS", "LAMP_SECONDS"):
        monkeypatch.setattr(hubs, name, NEVER)
    monkeypatch.setattr(bell, "AGAIN_SECONDS", 0.05)
    here, worker = Store.open(url), Store.open(url)
    deps = Dependencies(here, cast("Any", None))
    hub = Hub(lambda: deps, look_seconds=NEVER)
    monkeypatch.setattr(hub, "_pacing", Pacing())
    news = hub.news("default")
    assert await anext(news) == LAMP
    async with asyncio.timeout(10):
        while not hub.is_told:  # noqa: ASYNC110 - nobody else asks
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    yield Listening(news, worker)
    await cast("Any", news).aclose()
    await here.close()
    await worker.close()


async def test_a_browser_is_told_of_a_record_without_a_look_in_between(browser: Listening) -> None:
    for number in ("1", "2"):
        await browser.record(number)
        assert await browser.hears_of_a_change()


async def test_what_is_recorded_while_nobody_listens_is_told_afterwards(
    browser: Listening,
    postgres: PostgresServer,  # noqa: F811
) -> None:
    assert terminated(postgres) >= 1
    await browser.record("1")
    assert await browser.hears_of_a_change()
    await browser.record("2")
    assert await browser.hears_of_a_change()
