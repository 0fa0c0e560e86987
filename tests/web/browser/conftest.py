"""One engine and one browser for all tests of a module: the API with its board, a worker, and the system's Chromium.

Skipped, visibly, where there is no browser. The engine runs in a thread with an event loop of its own, so that tests
drive the browser without one.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from api.app import create_app
from service.dependencies import Dependencies
from service.temporal.engine import provider
from settings import Settings
from store.access.keys import ensure_key
from store.store import Store
from tests.api.conftest import KEY, empty_database, temporal_address  # noqa: F401 - the same real servers
from tests.support.outlets import CIPHER, LoopbackOutlets
from worker import StoreProjection, build_worker

AXE = Path(__file__).parents[1] / "assets" / "axe.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FILLED, EMPTY = "acme", "empty"


@dataclass
class Engine:
    """`url` is the board's address. `furnish` and `ask` speak to the API as FILLED."""

    url: str
    dependencies: Dependencies
    loop: asyncio.AbstractEventLoop
    server: uvicorn.Server
    things: dict[str, Any] = field(default_factory=dict)

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
    return found


@pytest.fixture(scope="module")
def browser(chromium: str, engine: Engine) -> Iterator[Browser]:
    """While it is open no other test can run a loop in this thread, so it is closed after each module, as the engine
    is, which has threads of its own and is started before."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
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
    thread = threading.Thread(target=lambda: asyncio.run(_serve(temporal_address, database, started, ready, stop)))
    thread.start()
    assert ready.wait(20), "the engine did not start"
    (engine,) = started
    yield engine
    engine.loop.call_soon_threadsafe(stop[0].set)
    thread.join(30)


async def _serve(
    address: str, database: Path, started: list[Engine], ready: threading.Event, stop: list[asyncio.Event]
) -> None:
    url = f"sqlite:///{database}"
    for organization in (FILLED, EMPTY):
        await ensure_key(url, key_of(organization), "test", organization)
    client = await Client.connect(address, data_converter=pydantic_data_converter)
    store = Store.open(url)
    dependencies = Dependencies(store, provider(client), task_queue="board", cipher=CIPHER, outlets=LoopbackOutlets())
    app = create_app(Settings(), dependencies=dependencies)
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([bound]))
    stopping = asyncio.Event()
    stop.append(stopping)
    loop = asyncio.get_running_loop()
    started.append(Engine(f"http://127.0.0.1:{bound.getsockname()[1]}", dependencies, loop, server))
    async with build_worker(client, StoreProjection(store), [], task_queue="board"):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0.01)
        ready.set()
        await stopping.wait()
    server.should_exit = True
    await serving
    await store.close()


Visit = Callable[..., Page]


@pytest.fixture(scope="module")
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


@pytest.fixture
def visit(browser: Browser, engine: Engine, sessions: dict[str, Any]) -> Iterator[Visit]:
    """Opens a page of the board, signed in for an organization; every request that leaves the origin fails the test."""
    contexts = []
    strayed: list[str] = []
    faults: list[str] = []

    def open_page(path: str, organization: str = FILLED, scheme: str = "light", width: int = 1280) -> Page:
        context = browser.new_context(
            color_scheme=scheme,  # type: ignore[arg-type]
            viewport={"width": width, "height": 800},
            storage_state=sessions[organization],
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda one: None if one.url.startswith(engine.url) else strayed.append(one.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda one: faults.append(one.text) if one.type == "error" else None)
        page.goto(f"{engine.url}{path}", wait_until="domcontentloaded")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert strayed == []
    assert faults == []


def press(page: Page, *keys: str) -> None:
    """Keys that the page's script hears: it is waited for, because a page shows before its script runs."""
    page.wait_for_function("document.readyState === 'complete' && window.board !== undefined")
    for key in keys:
        page.keyboard.press(key)


def violations(page: Page, *rules: str) -> list[str]:
    """What axe-core finds, by these rules or by all. It is put in by the browser's own means, so that the policy of the
    page stays as it is."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"{AXE.read_text()};0")
    script = """rules => axe.run(rules.length ? { runOnly: rules } : {}).then(found =>
        found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html).join()))"""
    found: list[str] = page.evaluate(script, list(rules))
    return found
