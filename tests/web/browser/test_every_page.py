"""Every page that the board has, found in its routes: without barriers in both themes, its dialogs among them, within a
narrow screen, from the origin alone, still where motion is not wanted, each of its forms in reach of the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Browser, Page, Response, expect

from service.hooks.applying import Applier
from tests.api.sources.test_webhooks_arrive import SECRET
from tests.support.board.page_routes import PageOperation, page_operations
from tests.web.browser.conftest import EMPTY, FILLED, Engine, violations, watch
from tests.web.settings.test_sources_pages import ODD, signed

OF_LINKS = {"/shared/{token}"}
"""What only a link that was made leads to."""
READ = [one for one in page_operations() if one.method == "GET" and one.path not in OF_LINKS]
SENT = [one for one in page_operations() if one.method == "POST"]


def is_file(one: PageOperation) -> bool:
    return "." in one.path or one.path.endswith("/record")


WITHOUT_THINGS = [one for one in READ if not one.parameters and not is_file(one) and not one.path.endswith("/new")]
IN_ANOTHER_STATE = {
    "POST /replans",
    "POST /sign-in",
    "POST /demo/leave",
    "POST /demo/take-away",
}
"""Forms of what is moved, signed out or a demo: no page has them while it is walked. The tests beside this one send
them by keyboard."""
SEEN_OTHERWISE = (
    "/policies/try?priority=urgent",
    "/tickets/{instance_id}?as_of=2999",
    "/breaches?excused=true",
    "/deliveries?state=dead",
    "/settings/keys?nothing=here",
    "/nowhere",
)
"""Pages that look otherwise where more stands in the address: a trial, an instant, nothing to show, a refusal."""

ADVICE = (
    "A new page must be furnished: see tests/support/documents/furnishing.py for what its path names, and NAMED and "
    "NEEDS in tests/support/board/page_routes.py for what it calls it and cannot be asked without."
)
MOVES = """[...document.querySelectorAll('*')].filter(one => { const style = getComputedStyle(one);
    return style.animationName !== 'none' || style.transitionDuration !== '0s'; })
    .map(one => one.outerHTML.slice(0, 80))"""
OPENED = """() => { for (const one of document.querySelectorAll('details')) one.open = true;
    for (const one of document.querySelectorAll('dialog')) { one.show(); one.style.position = 'static'; } }"""
WIDER = """() => { for (const one of document.querySelectorAll('dialog')) { one.close(); one.style.position = ''; }
    const dialogs = [...document.querySelectorAll('dialog')].filter(one => {
        one.showModal(); const wide = one.scrollWidth > one.clientWidth; one.close(); return wide; });
    return [document.documentElement.scrollWidth, ...dialogs.map(one => one.id)]; }"""
"""How wide the page is, and which of its dialogs are wider than they are shown."""
LIVE_REGIONS = "document.querySelectorAll('[aria-live]:not([aria-live=off]), [role=status], output').length"
FORMS = """() => [...document.querySelectorAll('form[method=post]')].map(form => {
    const dialog = form.closest('dialog');
    const inReach = one => Boolean(one) && one.tabIndex >= 0 && !one.disabled && one.checkVisibility();
    const sends = [...form.elements].find(one => one.type === 'submit' && !one.hidden);
    const opener = dialog && document.querySelector(`[data-opens="${dialog.id}"]`);
    return { action: new URL(form.action).pathname,
             isInReach: dialog ? inReach(opener) && sends.tabIndex >= 0 : inReach(sends) };
})"""
"""Of each form that changes something: whether its button, or the button of its dialog, gets the focus by keyboard."""


class Tab:
    """A tab of an organization, with what it has asked elsewhere and what went wrong in it."""

    def __init__(self, page: Page, engine: Engine) -> None:
        self.page, self.wrong, self.forms = page, list[str](), set[str]()
        page.set_default_timeout(10_000)
        watch(page, engine, self.wrong, self.wrong)

    def walk(self, url: str) -> None:
        self.open(url)
        self.look()

    def open(self, url: str) -> Response:
        page = self.page
        self.wrong.clear()
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light")
        answer = page.goto(url, wait_until="domcontentloaded")
        assert answer is not None
        return answer

    def look(self) -> None:
        """Everything that is wanted of a page, in one visit."""
        page = self.page
        assert page.locator("h1").count() == 1
        assert page.evaluate(LIVE_REGIONS) == 1
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        forms = page.evaluate(FORMS)
        assert [one["action"] for one in forms if not one["isInReach"]] == []
        self.forms |= {one["action"] for one in forms}
        # What opens over the page is laid out beside it, so that one look sees all of it.
        page.evaluate(OPENED)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page) == [], scheme
        assert page.evaluate(MOVES) == []
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate(WIDER) == [320]
        # A refusal is told in the console, too.
        assert [one for one in self.wrong if "status of 404" not in one] == []


@pytest.fixture(scope="module")
def tabs(browser: Browser, engine: Engine, sessions: dict[str, Any]) -> Iterator[dict[str, Tab]]:
    kept = {}
    for organization in (FILLED, EMPTY):
        context = browser.new_context(storage_state=sessions[organization], reduced_motion="reduce")
        kept[organization] = Tab(context.new_page(), engine)
    yield kept
    for one in kept.values():
        one.page.context.close()


@pytest.mark.parametrize("one", READ, ids=str)
def test_a_page_with_data(tabs: dict[str, Tab], engine: Engine, things: dict[str, str], one: PageOperation) -> None:
    tab = tabs[FILLED]
    try:
        url = f"{engine.url}{one.url(things)}?{urlencode(one.needs(things))}"
    except KeyError as error:
        pytest.fail(f"{one} names {error}. {ADVICE}")
    if is_file(one):
        file = tab.page.context.request.get(url)
        assert file.status == 200, f"{one}: {file.status}. {ADVICE}"
        assert not file.headers["content-type"].startswith("text/html")
        return
    answer = tab.open(url)
    assert answer.status == 200, f"{one}: {answer.status}. {ADVICE}"
    assert len(answer.body()) < 150_000
    tab.look()


@pytest.mark.parametrize("path", SEEN_OTHERWISE)
def test_a_page_that_looks_otherwise(tabs: dict[str, Tab], engine: Engine, things: dict[str, str], path: str) -> None:
    tabs[FILLED].walk(f"{engine.url}{path.format(**things)}")


@pytest.mark.parametrize("one", WITHOUT_THINGS, ids=str)
def test_a_page_without_data_says_what_to_do(tabs: dict[str, Tab], engine: Engine, one: PageOperation) -> None:
    tabs[EMPTY].walk(f"{engine.url}{one.path}")
    assert tabs[EMPTY].page.locator("main :is(a, button, input)").count() > 0


def test_a_ticket_with_hundreds_of_events_and_a_long_subject_is_a_light_page_within_its_width(
    tabs: dict[str, Tab],
    engine: Engine,
    things: dict[str, str],
) -> None:
    tab, opened = tabs[FILLED], datetime.now(UTC) - timedelta(hours=1)
    many: dict[str, Any] = {"ticket_id": "many", "cause": "customer", "reason": "waits for the customer once more"}
    ticket = {"priority": "urgent", "fields": {"subject": "W" * 200}}
    events = [{"ticket_id": "many", "type": "opened", "occurred_at": opened.isoformat(), "ticket": ticket}]
    for number in range(1, 301):
        at = (opened + timedelta(seconds=10 * number)).isoformat()
        events.append({**many, "type": ("paused", "resumed")[number % 2], "occurred_at": at})
    engine.ask("POST", "/events:batch", {"quiet": True, "events": events[:151]})
    engine.ask("POST", "/events:batch", {"quiet": True, "events": events[151:]})
    url = f"{engine.url}/tickets/inst_sla_ticket_many"
    shown = expect(tab.page.locator("#events ~ nav"))
    tab.page.goto(url, wait_until="domcontentloaded")
    shown.to_contain_text("1 to 50 of 301, the newest first")
    assert len(tab.page.context.request.get(url).body()) < 150_000
    tab.walk(url)
    earlier = tab.page.get_by_role("link", name="Earlier ones").get_attribute("href")
    tab.page.goto(f"{engine.url}{earlier}", wait_until="domcontentloaded")
    shown.to_contain_text("51 to 100 of 301")
    expect(tab.page.locator("#ticket")).to_contain_text("for customer; because waits for the customer once more")
    tab.walk(f"{engine.url}/?q=many")
    assert tab.page.locator("td[data-name=Due]").is_visible()


@pytest.mark.usefixtures("things")
def test_pages_of_what_is_switched_off_set_aside_or_excused(tabs: dict[str, Tab], engine: Engine) -> None:
    opened = (datetime.now(UTC) - timedelta(hours=54)).isoformat()
    ticket = engine.ask("POST", "/instances", {"ticket_id": "forgiven", "priority": "broken", "occurred_at": opened})
    engine.ask("POST", f"/instances/{ticket['id']}/excuse", {"target": "resolution", "reason": "a storm"})
    hook = {"channel": "webhook", "address": "http://127.0.0.1:9/"}
    receiver = engine.ask("POST", "/receivers", {"name": "Silent", "enabled": False, **hook})
    source = engine.ask("POST", "/sources", {"kind": "github", "name": "Deaf", "secret": SECRET, "prefix": "deaf:"})
    place = f"/settings/sources/{source['id']}"
    content, headers = signed(ODD)
    sent = httpx.post(f"{engine.url}/hooks/{source['id']}", content=content, headers=headers)
    engine.run(Applier(engine.dependencies).round())
    engine.ask("PATCH", f"/sources/{source['id']}", {"enabled": False})
    for path in (
        f"/breaches/{ticket['id']}/excuse?target=resolution",
        f"/settings/receivers/{receiver['id']}",
        place,
        f"{place}/bodies/{sent.json()['body']}",
    ):
        tabs[FILLED].walk(f"{engine.url}{path}")


def test_every_form_of_the_board_stands_on_a_page(tabs: dict[str, Tab]) -> None:
    """What was walked so far had each in reach of the keyboard."""
    walked = tabs[FILLED].forms | tabs[EMPTY].forms
    if len(walked) < len(SENT) // 2:
        pytest.skip("it needs the whole file")
    missing = {str(one) for one in SENT if not any(map(_matching(one), walked))}
    assert missing == IN_ANOTHER_STATE


def _matching(one: PageOperation) -> Any:
    return re.compile(re.sub(r"\{[^}]+\}", "[^/]+", one.path)).fullmatch
