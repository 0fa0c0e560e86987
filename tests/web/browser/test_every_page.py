"""Every page that the board has, found in its routes: without barriers in both themes, within a narrow screen, from the
origin alone, and still where motion is not wanted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from tests.support.board.page_routes import PageOperation, page_operations
from tests.web.browser.conftest import EMPTY, FILLED, Engine, violations, watch
from web.pages.listed import PAGES

OF_LINKS = {"/shared/{token}"}
"""What only a link that was made leads to; it is tried with the ticket."""
READ = [one for one in page_operations() if one.method == "GET" and one.path not in OF_LINKS]

ADVICE = (
    "A new page must be furnished: see tests/support/documents/furnishing.py for what its path names, and NAMED and "
    "NEEDS in tests/support/board/page_routes.py for what it calls it and cannot be asked without."
)
MOVES = """[...document.querySelectorAll('*')].filter(one => { const style = getComputedStyle(one);
    return style.animationName !== 'none' || style.transitionDuration !== '0s'; })
    .map(one => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def tabs(browser: Browser, engine: Engine, sessions: dict[str, Any]) -> Iterator[dict[str, tuple[Page, list[str]]]]:
    """A tab for each organization, with what it has asked elsewhere and what went wrong in it."""
    kept = {}
    for organization in (FILLED, EMPTY):
        context = browser.new_context(storage_state=sessions[organization], reduced_motion="reduce")
        page, wrong = context.new_page(), list[str]()
        page.set_default_timeout(10_000)
        watch(page, engine, wrong, wrong)
        kept[organization] = page, wrong
    yield kept
    for page, _ in kept.values():
        page.context.close()


def without_barriers(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert page.locator("h1").count() == 1
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, "color-contrast") == []
    assert page.evaluate(MOVES) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("one", READ, ids=str)
def test_a_page_with_data(
    tabs: dict[str, tuple[Page, list[str]]], engine: Engine, things: dict[str, str], one: PageOperation
) -> None:
    page, wrong = tabs[FILLED]
    wrong.clear()
    try:
        url = f"{engine.url}{one.url(things)}?{urlencode(one.needs(things))}"
    except KeyError as error:
        pytest.fail(f"{one} names {error}. {ADVICE}")
    answer = page.context.request.get(url)
    assert answer.status == 200, f"{one}: {answer.status}. {ADVICE}"
    if not answer.headers["content-type"].startswith("text/html"):
        return
    assert len(answer.body()) < 150_000
    page.goto(url, wait_until="domcontentloaded")
    without_barriers(page)
    # What opens over the page is none of its barriers while it is closed.
    for dialog in page.locator("dialog").all():
        dialog.evaluate("one => one.showModal()")
        assert violations(page) == []
        dialog.evaluate("one => one.close()")
    assert wrong == []


@pytest.mark.parametrize("path", [page.path for page in PAGES])
def test_a_page_without_data_says_what_to_do(
    tabs: dict[str, tuple[Page, list[str]]], engine: Engine, path: str
) -> None:
    page, wrong = tabs[EMPTY]
    wrong.clear()
    page.goto(f"{engine.url}{path}", wait_until="domcontentloaded")
    without_barriers(page)
    assert page.locator("main :is(a, button, input)").count() > 0
    assert wrong == []
