"""What goes wrong while a page is open is said on it, and nothing that was typed is done by half."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.browser.conftest import FILLED, SCRIPT, Engine, Visit, button, key_of, press_on, violations

pytestmark = pytest.mark.usefixtures("things")
TICKET = "/tickets/inst_sla_ticket_42"
ANEW = "htmx.trigger(document.querySelector('#board, #ticket'), 'sse:changed')"


@pytest.fixture(autouse=True)
def _consoles_tell_of_refusals(visit: Visit, faults: list[str]) -> Iterator[None]:
    yield
    faults[:] = [one for one in faults if one.startswith(SCRIPT)]


def sign_in(page: Page) -> None:
    page.fill("#key", key_of(FILLED))
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")


def refuse(status: int, route: Route) -> None:
    route.fulfill(status=status, body="no")


def test_a_part_that_cannot_be_fetched_is_said_to_be_old(visit: Visit, engine: Engine) -> None:
    page = visit("/")
    page.wait_for_function("window.board !== undefined && window.htmx !== undefined")
    for status in (500, 503):
        page.route(f"{engine.url}/", partial(refuse, status))
        page.evaluate(ANEW)
        expect(page.locator(".stale")).to_be_visible()
        expect(page.locator(".stale")).to_contain_text("Not up to date: figures as of")
        expect(page.locator("#announce")).to_contain_text("Not up to date")
        assert page.locator("tr[data-row]").count() > 2
        assert violations(page) == []
        page.unroute(f"{engine.url}/")
        page.evaluate(ANEW)
        expect(page.locator(".stale")).to_be_hidden()


def test_a_session_that_ends_leads_back_to_the_page_and_does_nothing_by_half(visit: Visit, engine: Engine) -> None:
    page = visit(TICKET)
    page.wait_for_function("window.board !== undefined && window.htmx !== undefined")
    page.context.clear_cookies()
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.evaluate(ANEW)
    sign_in(page)
    assert page.url == f"{engine.url}{TICKET}"
    page.context.clear_cookies()
    button(page, "Assign").click()
    page.fill("#assign-reason", "theirs")
    press_on(page, page.locator("dialog[open] button.primary"))
    expect(page.locator("#fault")).to_contain_text("what you sent was not done")
    assert violations(page) == []
    sign_in(page)
    assert page.url == f"{engine.url}{TICKET}"
    assert "theirs" not in page.locator("#events").locator("..").inner_text()


def test_a_form_of_an_earlier_session_is_refused_and_leads_back(visit: Visit, engine: Engine) -> None:
    page = visit(TICKET)
    other = page.context.new_page()
    page.context.clear_cookies()
    other.goto(f"{engine.url}/sign-in", wait_until="domcontentloaded")
    sign_in(other)
    button(page, "Assign").click()
    press_on(page, page.locator("dialog[open] button.primary"))
    expect(page.get_by_role("alert")).to_contain_text("earlier session")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was done")
    assert violations(page) == []
    press_on(page, page.get_by_role("link", name="Back to the page"))
    assert page.url == f"{engine.url}{TICKET}"
