"""While a part of the engine is away the board says which, and as of when figures are; then it goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect
from temporalio.client import Client

from service.temporal.engine import CONNECT_OPTIONS, provider
from store.store import Store
from tests.support.ports import free_port
from tests.web.browser.conftest import SCRIPT, Engine, Visit, violations
from tests.web.browser.test_every_page import READ
from web.live import hub

pytestmark = pytest.mark.usefixtures("things")

WORDS = {
    "worker": ("No worker", "No worker answers"),
    "temporal": ("Temporal away", "Temporal does not answer"),
    "store": ("Store away", "The store does not answer"),
}


@pytest.fixture(autouse=True)
def _asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LAMP_SECONDS", 0.2)


@pytest.fixture(autouse=True)
def _consoles_tell_of_refusals(visit: Visit, faults: list[str]) -> Iterator[None]:
    yield
    faults[:] = [one for one in faults if one.startswith(SCRIPT)]


@contextmanager
def away(engine: Engine, part: str, tmp_path: Path) -> Iterator[None]:
    changes: dict[str, Any] = {"task_queue": "nobody's"}
    nowhere = None
    if part == "temporal":
        changes = {"temporal": provider(engine.run(connected(f"127.0.0.1:{free_port()}")))}
    if part == "store":
        nowhere = Store.open(f"sqlite:///{tmp_path / 'nowhere' / 'at-all.db'}")
        changes = {"store": nowhere}
    with engine.changed(**changes):
        yield
    if nowhere is not None:
        engine.run(nowhere.close())


async def connected(address: str) -> Client:
    return await Client.connect(address, **CONNECT_OPTIONS)


@pytest.mark.parametrize("part", ["worker", "temporal", "store"])
def test_a_page_that_is_open_says_so_and_keeps_its_figures(
    visit: Visit, engine: Engine, tmp_path: Path, part: str
) -> None:
    page = visit("/")
    lamp = page.locator("#lamp")
    expect(lamp).to_contain_text("Engine well")
    rows = page.locator("tr[data-row]").count()
    assert rows > 2
    word, sentence = WORDS[part]
    with away(engine, part, tmp_path):
        expect(lamp).to_contain_text(word)
        expect(lamp).to_contain_text(sentence)
        expect(lamp).to_contain_text("figures as of")
        assert page.locator("tr[data-row]").count() == rows
        assert violations(page) == []
    expect(lamp).to_contain_text("Engine well")


@pytest.mark.parametrize("part", ["worker", "temporal"])
def test_every_page_is_there_while_nobody_walks_the_clocks(
    visit: Visit, engine: Engine, things: dict[str, str], tmp_path: Path, part: str
) -> None:
    page = visit("/deliveries")
    word, _ = WORDS[part]
    with away(engine, part, tmp_path):
        expect(page.locator("#lamp")).to_contain_text(word)
        for one in READ:
            url = f"{engine.url}{one.url(things)}?{urlencode(one.needs(things))}"
            answer = page.context.request.get(url, headers={"Accept": "text/html"})
            assert answer.status == 200, str(one)
            is_page = answer.headers["content-type"].startswith("text/html")
            # Of a page that a browser has not followed yet, too.
            assert not is_page or word in answer.text() or one.is_open, str(one)
        page.goto(f"{engine.url}/settings/sources", wait_until="domcontentloaded")
        expect(page.locator("#lamp")).to_contain_text(word)
        assert violations(page) == []
    # Before the tab is closed: the next test finds the engine as it was.
    expect(page.locator("#lamp")).to_contain_text("Engine well")


def test_without_the_store_every_page_says_that_nothing_is_lost(
    visit: Visit, engine: Engine, things: dict[str, str], tmp_path: Path
) -> None:
    page = visit("/sign-in")
    with away(engine, "store", tmp_path):
        for one in READ:
            url = f"{engine.url}{one.url(things)}?{urlencode(one.needs(things))}"
            answer = page.context.request.get(url, headers={"Accept": "text/html"})
            assert (answer.status, "Nothing is lost" in answer.text()) == (503, True), str(one)
            assert str(tmp_path) not in answer.text()
        page.goto(f"{engine.url}/settings/keys", wait_until="domcontentloaded")
        assert violations(page) == []


def test_what_is_done_without_temporal_says_that_it_was_not(visit: Visit, engine: Engine, tmp_path: Path) -> None:
    page = visit("/tickets/inst_sla_ticket_42")
    with away(engine, "temporal", tmp_path):
        page.get_by_role("button", name="Acknowledge").click()
        page.locator("dialog[open] button.primary").click()
        expect(page.locator("p.fault")).to_contain_text("Temporal")


def test_a_page_whose_server_dies_says_as_of_when_it_is_and_comes_back_with_what_it_missed(
    visit: Visit, engine: Engine
) -> None:
    page = visit("/")
    expect(page.locator("#lamp")).to_contain_text("Engine well")
    with engine.killed():
        expect(page.locator(".away")).to_be_visible()
        expect(page.locator(".away")).to_contain_text("No connection: figures as of")
    body = {"ticket_id": "98", "priority": "urgent", "fields": {"subject": "Said while it was away"}}
    engine.ask("POST", "/instances", body)
    expect(page.locator(".away")).to_be_hidden()
    expect(page.locator("#board")).to_contain_text("Said while it was away")
