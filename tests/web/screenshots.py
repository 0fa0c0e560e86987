"""`make screenshots`: the main pages of the board as pictures in `docs/screenshots`, of an engine with running tickets.

The engine is one of its own, with a worker, and is gone afterwards. What happened is made up from a fixed seed; when it
happened is counted from now.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from store.schema.migrate import upgrade
from tests.support.ports import free_port
from tests.support.servers import answers, temporal_server
from tests.web.browser.conftest import BROWSERS, FILLED, Engine, key_of, serve

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
WIDTH, HEIGHT = 1280, 800
TALL = {"ticket": 1150}
LARGEST = 150_000
PAGES = {
    "due-next": "/",
    "ticket": "/tickets/inst_sla_ticket_1001",
    "breaches": "/breaches",
    "compliance": "/compliance",
    "policies": "/policies",
}
PAST, OPEN = (
    90,
    (
        ("Checkout answers 502", "urgent", 290, None),
        ("Nobody in Hamburg can sign in", "urgent", 265, "resumed"),
        ("Payments are booked twice", "high", 215, "acknowledged"),
        ("The database is 98 % full", "urgent", 150, "paused"),
        ("Mail arrives an hour late", "high", 95, "acknowledged"),
        ("The export stops at row 65,536", "high", 26, None),
        ("The VPN drops every ten minutes", "urgent", 12, "acknowledged"),
        ("The search finds nothing", "high", 5, None),
        ("An invoice shows the wrong tax", "normal", 3000, "acknowledged"),
        ("A name is misspelt in letters", "normal", 1700, "acknowledged"),
        ("Please send the contract again", "low", 300, "paused"),
        ("Two accounts should be one", "normal", 40, None),
    ),
)
SUBJECTS = ("The printer is on fire", "No dial tone", "A report runs for ten minutes", "A certificate runs out")


def main() -> None:
    chromium = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit(f"a browser is needed: none of {', '.join(BROWSERS)} is installed")
    with engine() as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(reduced_motion="reduce").new_page()
        page.goto(f"{running.url}/sign-in")
        page.fill("#key", key_of(FILLED))
        page.keyboard.press("Enter")
        page.wait_for_url(f"{running.url}/")
        furnish(page, running)
        FOLDER.mkdir(exist_ok=True)
        for name, path in PAGES.items():
            picture(page, f"{running.url}{path}", FOLDER / f"{name}.png")
        browser.close()


def picture(page: Page, url: str, file: Path) -> None:
    """Exits where the picture would be too heavy to be kept."""
    page.goto(url, wait_until="domcontentloaded")
    expect(page.locator("#lamp")).to_contain_text("Engine well", timeout=90_000)
    page.set_viewport_size({"width": WIDTH, "height": TALL.get(file.stem, HEIGHT)})
    taken = page.screenshot(path=file, animations="disabled")
    print(f"{file.name}: {len(taken) // 1000} kB")
    if len(taken) > LARGEST:
        sys.exit(f"{file} has {len(taken)} bytes, {LARGEST} at most")


def furnish(page: Page, running: Engine) -> None:
    """The example's policies, a month of tickets that ended, some that run."""
    running.ask("PATCH", "/organization", {"name": "Acme", "timezone": "Europe/Berlin"})
    page.goto(f"{running.url}/policies")
    page.get_by_role("button", name="Load the example").click()
    page.wait_for_selector("p.note")
    # What teams promise each other would stand between the tickets.
    for one in running.ask("GET", "/ola/policies")["data"]:
        running.ask("DELETE", f"/ola/policies/{one['id']}")
    told = {"name": "Operations", "channel": "webhook", "address": "http://127.0.0.1:9/notices"}
    running.ask("POST", "/receivers", told)
    events = [*past(random.Random(7)), *present()]
    for start in range(0, len(events), 150):
        running.ask("POST", "/events:batch", {"quiet": True, "events": events[start : start + 150]})


def past(chance: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(PAST):
        priority = chance.choice(("urgent", "high", "normal", "normal", "low"))
        is_urgent = priority in ("urgent", "high")
        opened = chance.uniform(3, 29) * 24 * 60
        answered = chance.expovariate(1 / (13 if is_urgent else 60))
        solved = answered + chance.expovariate(1 / (95 if is_urgent else 900))
        ticket = str(100 + number)
        yield event(ticket, "opened", opened, **about(chance.choice(SUBJECTS), priority, number))
        yield event(ticket, "acknowledged", opened - answered)
        yield event(ticket, "resolved", opened - solved)


def present() -> Iterator[dict[str, Any]]:
    for number, (subject, priority, opened, then) in enumerate(OPEN):
        ticket = str(1000 + number)
        yield event(ticket, "opened", opened, **about(subject, priority, number))
        if then:
            yield event(ticket, "acknowledged", opened * 0.9)
        if then in ("paused", "resumed"):
            yield event(ticket, "paused", opened * 0.55, cause="customer")
        if then == "resumed":
            yield event(ticket, "resumed", opened * 0.3)


def about(subject: str, priority: str, number: int) -> dict[str, Any]:
    team = "network" if number % 3 == 0 else "frontline"
    return {"ticket": {"priority": priority, "team_id": team, "fields": {"subject": subject}}}


def event(id_: str, kind: str, minutes_ago: float, **more: Any) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(minutes=max(minutes_ago, 0.1))
    return {"ticket_id": id_, "type": kind, "event_id": f"{id_}-{kind}", "occurred_at": at.isoformat(), **more}


@contextmanager
def engine() -> Iterator[Engine]:
    started: list[Engine] = []
    stop: list[asyncio.Event] = []
    ready = threading.Event()
    with tempfile.TemporaryDirectory() as folder, temporal_server(free_port()) as address:
        asyncio.run(answers(address))
        database = Path(folder) / "store.db"
        upgrade(f"sqlite:///{database}")
        thread = threading.Thread(target=lambda: asyncio.run(serve(address, database, started, ready, stop)))
        thread.start()
        try:
            if not ready.wait(30):
                sys.exit("the engine did not start")
            yield started[0]
        finally:
            for one in stop:
                started[0].loop.call_soon_threadsafe(one.set)
            thread.join(30)


if __name__ == "__main__":
    main()
