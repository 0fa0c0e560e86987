"""One engine and one browser for all tests of this folder: the API with its board, a worker, the system's Chromium.

Skipped, visibly, where there is no browser. The engine runs in a thread with an event loop of its own, so that tests
drive the browser without one.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from api.app import create_app
from service.dependencies import Dependencies
from service.temporal.engine import provider
from settings import Settings
from store.access.keys import ensure_key
from store.store import Store
from tests.api.conftest import KEY, empty_database, temporal_address  # noqa: F401 - the same real servers
from tests.support.board import front_end_files
from tests.support.board.page_routes import named
from tests.support.documents.furnishing import Things, furnish
from tests.support.outlets import CIPHER, LoopbackOutlets, LoopbackSystems
from tests.support.ports import free_port
from worker import StoreProjection, build_worker

AXE = Path(__file__).parents[1] / "assets" / "axe.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FILLED, EMPTY = "acme", "empty"
# The code of a page runs once or twice: to make it fast costs more than it gives. What moves in the window around it,
# which nobody sees, moves at once.
SPARING = ("--js-flags=--no-turbofan,--no-maglev,--single-threaded", "--animation-duration-scale=0")
# A machine that does more than these tests is slow, not wrong.
expect.set_options(timeout=20_000)
SCRIPT = "in a script: "
SUBJECTS = ("Mail server answers nobody", "No dial tone", "Printer on fire")


def priority_is(word: str) -> dict[str, Any]:
    return {"field": "priority", "operator": "in", "value": [word]}


URGENT = {
    "name": "Urgent",
    "conditions": [priority_is("urgent")],
    "targets": [{"type": "first_response", "hours": 2}, {"type": "resolution", "hours": 4}],
}


class Serving:
    """The API on a port of its own, which can go and come back."""

    def __init__(self, app: FastAPI) -> None:
        self.port = free_port()
        self._app = app
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        config = uvicorn.Config(
            self._app, port=self.port, log_level="critical", lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._task = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """As if it were killed: nobody is let in any more, and connections end at once, one that was just accepted
        among them, which is known a moment later."""
        assert self._server is not None
        assert self._task is not None
        for listening in self._server.servers:
            listening.close()
        self._server.force_exit = self._server.should_exit = True
        while self._server.server_state.connections or not self._task.done():
            for one in list(self._server.server_state.connections):
                if one.transport is not None:
                    one.transport.abort()
            await asyncio.sleep(0.01)
        await self._task


@dataclass
class Engine:
    """`url` is the board's address. `ask` speaks to the API as FILLED unless another organization is named."""

    url: str
    app: FastAPI
    dependencies: Dependencies
    loop: asyncio.AbstractEventLoop
    serving: Serving

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """In the loop of the engine, from the thread of the test."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    @contextmanager
    def changed(self, **changes: Any) -> Iterator[None]:
        """The board works with other parts meanwhile: with a store that is nowhere, for instance."""
        self.app.state.dependencies = replace(self.dependencies, **changes)
        try:
            yield
        finally:
            self.app.state.dependencies = self.dependencies

    @contextmanager
    def killed(self) -> Iterator[None]:
        """Nobody answers at the board's address meanwhile."""
        self.run(self.serving.stop())
        try:
            yield
        finally:
            self.run(self.serving.start())

    def ask(self, method: str, path: str, body: Any = None, organization: str = FILLED) -> Any:
        answer = httpx.request(
            method, f"{self.url}/api/v2/sla{path}", json=body, headers={"X-API-Key": key_of(organization)}, timeout=30
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None


def key_of(organization: str) -> str:
    return f"{KEY}-{organization}"


@pytest.fixture(scope="session")
def chromium() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"NO BROWSER: none of {', '.join(BROWSERS)} is installed")
    if front_end_files.missing:
        pytest.skip(front_end_files.NONE)
    return found


@pytest.fixture(scope="package")
def browser(chromium: str, engine: Engine) -> Iterator[Browser]:
    """While it is open no other test can run a loop in this thread, so it is closed after the last test of the folder,
    as the engine is, which has threads of its own and is started before."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", *SPARING])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def engine(
    chromium: str,
    temporal_address: str,  # noqa: F811 - a fixture
    empty_database: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Engine]:
    database = tmp_path_factory.mktemp("board") / "store.db"
    shutil.copy(empty_database, database)
    started: list[Engine] = []
    ready = threading.Event()
    stop: list[asyncio.Event] = []
    thread = threading.Thread(target=lambda: asyncio.run(serve(temporal_address, database, started, ready, stop)))
    thread.start()
    assert ready.wait(20), "the engine did not start"
    (engine,) = started
    yield engine
    engine.loop.call_soon_threadsafe(stop[0].set)
    thread.join(30)


async def serve(
    address: str, database: Path, started: list[Engine], ready: threading.Event, stop: list[asyncio.Event]
) -> None:
    url = f"sqlite:///{database}"
    for organization in (FILLED, EMPTY):
        await ensure_key(url, key_of(organization), "test", organization)
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    store = Store.open(url)
    dependencies = Dependencies(
        store,
        provider(client),
        task_queue="board",
        cipher=CIPHER,
        outlets=LoopbackOutlets(),
        systems=LoopbackSystems(),
    )
    app = create_app(Settings(), dependencies=dependencies)
    serving, stopping = Serving(app), asyncio.Event()
    await serving.start()
    stop.append(stopping)
    loop = asyncio.get_running_loop()
    started.append(Engine(f"http://127.0.0.1:{serving.port}", app, dependencies, loop, serving))
    async with build_worker(client, StoreProjection(store), [], task_queue="board"):
        ready.set()
        await stopping.wait()
    await serving.stop()
    await store.close()


Visit = Callable[..., Page]


@pytest.fixture(scope="package")
def sessions(browser: Browser, engine: Engine) -> dict[str, Any]:
    """The cookies of each organization, signed in by typing its key."""
    kept = {}
    for organization in (FILLED, EMPTY):
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{engine.url}/sign-in")
        assert page.evaluate("document.activeElement.id") == "key"
        page.keyboard.type(key_of(organization))
        page.keyboard.press("Enter")
        page.wait_for_url(f"{engine.url}/")
        kept[organization] = context.storage_state()
        context.close()
    return kept


def watch(page: Page, engine: Engine, strayed: list[str], faults: list[str]) -> None:
    """Keeps what the page asks elsewhere, and what goes wrong in it."""
    page.on("request", lambda one: None if one.url.startswith(engine.url) else strayed.append(one.url))
    page.on("pageerror", lambda error: faults.append(f"{SCRIPT}{error}"))
    page.on("console", lambda one: faults.append(one.text) if one.type == "error" else None)


@pytest.fixture
def faults() -> list[str]:
    """What went wrong in the pages of a test."""
    return []


def new_context(browser: Browser) -> BrowserContext:
    return browser.new_context(color_scheme="light", viewport={"width": 1280, "height": 800}, reduced_motion="reduce")


@pytest.fixture(scope="package")
def shared(browser: Browser) -> Iterator[BrowserContext]:
    """A new context costs as much as a page, and would fetch all that a browser keeps once more."""
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture
def visit(
    browser: Browser, shared: BrowserContext, engine: Engine, sessions: dict[str, Any], faults: list[str]
) -> Iterator[Visit]:
    """Opens a page of the board, signed in for an organization; every request that leaves the origin fails the test.

    What is done to more than one page, a clock that is put in for instance, needs a context `apart`.
    """
    contexts: list[BrowserContext] = []
    strayed: list[str] = []

    def open_page(path: str, organization: str = FILLED, *, apart: bool = False) -> Page:
        if apart:
            contexts.append(new_context(browser))
        context = contexts[-1] if apart else shared
        context.clear_cookies()
        context.add_cookies(sessions[organization]["cookies"])
        page = context.new_page()
        page.set_default_timeout(10_000)
        watch(page, engine, strayed, faults)
        page.goto(f"{engine.url}{path}", wait_until="domcontentloaded")
        return page

    yield open_page
    for page in list(shared.pages):
        page.close()
    for context in contexts:
        context.close()
    assert strayed == []
    assert faults == []


@pytest.fixture(scope="package")
def things(engine: Engine) -> dict[str, str]:
    """FILLED has one of each thing, tickets that run, and some that are breached; by the names of pages."""

    async def filled() -> Things:
        async with httpx.AsyncClient(base_url=engine.url, headers={"X-API-Key": key_of(FILLED)}, timeout=30) as client:
            return await furnish(client, "zanzibar")

    made: Things = engine.run(filled())
    engine.ask("POST", "/policies", URGENT)
    engine.ask("POST", "/policies", {**URGENT, "name": "Broken", "conditions": [priority_is("broken")]})
    behind_others(engine, made.everywhere["policy_id"])
    engine.ask("PATCH", f"/policies/{made.everywhere['policy_id']}", {"description": "Changed once."})
    calendar = f"/business-hours/{made.everywhere['business_hours_id']}"
    engine.ask("PATCH", calendar, {"public_holidays": [{"country": "DE"}]})
    way_back = {"base_url": "http://127.0.0.1:9", "credentials": {"token": "t-o-k-e-n"}, "projects": ["acme/desk"]}
    engine.ask("PATCH", f"/sources/{made.everywhere['source_id']}", {"connector": way_back})
    for number, subject in enumerate(SUBJECTS):
        body = {"ticket_id": str(42 + number), "priority": "urgent", "fields": {"subject": subject}}
        engine.ask("POST", "/instances", body)
    for hours in (30, 31, 52):
        at = datetime.now(UTC) - timedelta(hours=hours)
        body = {"ticket_id": f"broken-{hours}", "priority": "broken", "occurred_at": at.isoformat()}
        engine.ask("POST", "/instances", body)
    return named(made.everywhere)


def behind_others(engine: Engine, policy_id: str) -> None:
    """What all tickets would fall to is asked last."""
    listed = [one["id"] for one in engine.ask("GET", "/policies?limit=100")["data"] if one["id"] != policy_id]
    engine.ask("POST", "/policies/reorder", {"policy_ids": [*listed, policy_id]})


def press(page: Page, *keys: str) -> None:
    """Keys that the page's script hears: it is waited for, because a page shows before its script runs."""
    page.wait_for_function("document.readyState === 'complete' && window.board !== undefined")
    for key in keys:
        page.keyboard.press(key)


def violations(page: Page) -> list[str]:
    """What axe-core finds, by all of its rules. It is put in by the browser's own means, so that the policy of the page
    stays as it is."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"{AXE.read_text()};0")
    script = """axe.run({ resultTypes: ['violations'] }).then(found =>
        found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html).join()))"""
    found: list[str] = page.evaluate(script)
    return found


STEPS_SURELY_BEFORE = """one => {
    window.sought = one;
    const all = [...document.querySelectorAll('a[href], button, input:not([type=radio]), select, textarea, summary')]
        .filter(it => !it.disabled && it.tabIndex >= 0 && it.checkVisibility());
    const active = document.activeElement;
    if (active === document.body && location.hash) return 0;
    const before = it => active.compareDocumentPosition(it) & Node.DOCUMENT_POSITION_PRECEDING;
    const from = all.includes(active) || active === document.body ? all.indexOf(active) : all.filter(before).length - 1;
    return Math.max(0, Math.floor(0.9 * (all.indexOf(one) - from)) - 2);
}"""


def tab_to(page: Page, place: Locator) -> None:
    """By keyboard alone, as somebody without a mouse gets there: past the navigation where it lies behind that."""
    if page.evaluate("document.activeElement === document.body") and place.evaluate("one => !!one.closest('main')"):
        page.keyboard.press("Tab")
        # A page that came to a part of itself goes on from there.
        if page.evaluate("document.activeElement.matches('a.skip')"):
            page.keyboard.press("Enter")
    # Nobody needs to ask after each of many steps whether that was it.
    for _ in range(place.evaluate(STEPS_SURELY_BEFORE)):
        page.keyboard.press("Tab")
    for _ in range(150):
        if page.evaluate("document.activeElement === window.sought"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{place} is not reached by keyboard")


def press_on(page: Page, place: Locator) -> None:
    """Gets there by keyboard and presses it; the page that answers is there."""
    tab_to(page, place)
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def type_into(page: Page, id_: str, text: str) -> None:
    """Instead of what stands there."""
    tab_to(page, page.locator(f'[id="{id_}"]'))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def said(page: Page, text: str) -> None:
    expect(page.locator("p.note").first).to_contain_text(text)
