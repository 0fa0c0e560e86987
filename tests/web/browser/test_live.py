"""What moves by itself, what does without a server or a script, and what is printed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from domain.record.records import DEAD
from tests.store.deliveries.test_the_log import sent, told
from tests.web.browser.conftest import FILLED, Engine, Visit, press

pytestmark = pytest.mark.usefixtures("things")


def test_a_new_ticket_appears_by_itself_and_focus_stays_where_it_is(visit: Visit, engine: Engine) -> None:
    page = visit("/?q=telephone")
    expect(page.locator("#board")).to_contain_text("Nothing matches")
    page = visit("/")
    press(page, "j", "j")
    focused = page.evaluate("document.activeElement.id")
    assert focused.startswith("open-inst_sla_ticket_")
    page.wait_for_function("document.querySelector('#lamp').textContent.includes('as of')")
    body = {"ticket_id": "99", "priority": "urgent", "fields": {"subject": "The telephone is mute"}}
    engine.ask("POST", "/instances", body)
    expect(page.locator("#board")).to_contain_text("The telephone is mute")
    assert page.evaluate("document.activeElement.id") == focused
    expect(page.locator("#announce")).to_contain_text("paused")


def broken(engine: Engine, ticket: str) -> None:
    """It opens already breached."""
    at = datetime.now(UTC) - timedelta(hours=29)
    engine.ask("POST", "/instances", {"ticket_id": ticket, "priority": "broken", "occurred_at": at.isoformat()})


def test_a_breach_appears_by_itself_and_focus_stays_where_it_is(visit: Visit, engine: Engine) -> None:
    page = visit("/breaches")
    press(page, "j", "j")
    focused = page.evaluate("document.activeElement.id")
    assert focused.startswith("open-inst_sla_ticket_")
    broken(engine, "live-breach")
    expect(page.locator("#board")).to_contain_text("live-breach")
    assert page.evaluate("document.activeElement.id") == focused
    expect(page.locator("#announce")).to_contain_text("breaches that count")


def test_a_delivery_appears_by_itself_and_what_is_chosen_stays_chosen(visit: Visit, engine: Engine) -> None:
    page = visit("/deliveries")
    page.locator("#test-type").select_option("at_risk")
    press(page, "j")
    focused = page.evaluate("document.activeElement.id")
    stub = sent({"id": ""}, channel="log", status=DEAD)
    engine.run(told(engine.dependencies.store, stub, subject="live-delivery", organization=FILLED))
    expect(page.locator("#log-board")).to_contain_text("live-delivery")
    assert page.evaluate("document.activeElement.id") == focused
    assert page.locator("#test-type").input_value() == "at_risk"


def test_figures_follow_by_themselves_and_what_is_open_stays_open(visit: Visit, engine: Engine) -> None:
    page = visit("/compliance")
    press(page)
    page.locator("#trend-table summary").click()
    before = str(page.locator("#board .figures").text_content())
    broken(engine, "live-figure")
    expect(page.locator("#board .figures")).not_to_have_text(before)
    assert page.locator("#trend-table").evaluate("one => one.open")


def test_what_is_left_ticks_without_the_server(visit: Visit) -> None:
    page = visit("/?q=Printer")
    left = page.locator("[data-left]").first

    def ticks() -> bool:
        page.evaluate("document.querySelector('[data-left]').dataset.left = '90'")
        page.wait_for_timeout(1_200)
        return left.text_content() == "1 min"

    # News of other tickets may come in between, and say how much is left.
    assert any(ticks() for _ in range(10))


def test_time_by_the_clock_stands_beside_working_time_for_pointer_keyboard_and_ear(visit: Visit) -> None:
    page = visit("/?q=Printer")
    clock = page.locator("tr[data-row] .on-row")
    assert "By the clock in" in str(page.locator("[data-left]").get_attribute("title"))
    assert "by the clock in" in page.locator("tr[data-row]").aria_snapshot()
    page.mouse.move(0, 0)
    width = "one => one.getBoundingClientRect().width"
    assert clock.evaluate(width) == 1
    press(page, "j")
    assert clock.evaluate(width) > 50


SEEN = "Object.defineProperty(document, 'hidden', { get: () => HIDDEN, configurable: true });"
SEEN += "document.dispatchEvent(new Event('visibilitychange'))"


def test_a_tab_that_nobody_looks_at_gives_its_connection_back_and_is_up_to_date_when_it_is_seen(
    visit: Visit, engine: Engine
) -> None:
    """Else the seventh tab of a browser would wait for ever."""

    async def listeners(wanted: int) -> None:
        hub = (await engine.app.state.board.app()).state.live
        async with asyncio.timeout(10):
            while hub.listeners != wanted:  # noqa: ASYNC110 - a test, and the hub tells nobody
                await asyncio.sleep(0.02)

    engine.run(listeners(0))
    page = visit("/", apart=True)
    engine.run(listeners(1))
    page.clock.install()
    page.evaluate(SEEN.replace("HIDDEN", "true"))
    page.clock.fast_forward(61_000)
    engine.run(listeners(0))
    engine.ask("POST", "/instances", about("96", "While nobody looked"))
    page.clock.resume()
    page.evaluate(SEEN.replace("HIDDEN", "false"))
    expect(page.locator("#board")).to_contain_text("While nobody looked")
    engine.run(listeners(1))
    engine.ask("POST", "/instances", about("97", "While somebody looks"))
    expect(page.locator("#board")).to_contain_text("While somebody looks")


def test_behind_a_proxy_that_holds_streams_back_a_page_is_a_minute_old_at_most(visit: Visit, engine: Engine) -> None:
    # What was fetched within two seconds is not made again: this view is nobody else's.
    page = visit("/?policy=Urgent", apart=True)
    page.route("**/live", lambda _: None)
    page.clock.install()
    page.reload(wait_until="domcontentloaded")
    press(page)
    engine.ask("POST", "/instances", about("95", "Through a proxy"))
    page.clock.fast_forward(61_000)
    expect(page.locator("#board")).to_contain_text("Through a proxy")
    expect(page.locator(".away")).to_be_hidden()


def about(ticket: str, subject: str) -> dict[str, object]:
    return {"ticket_id": ticket, "priority": "urgent", "fields": {"subject": subject}}


def test_without_script_everything_is_there_to_read(
    browser: Browser, sessions: dict[str, object], engine: Engine
) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=sessions[FILLED])  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{engine.url}/tickets/inst_sla_ticket_42")
    assert "every condition holds" in str(page.text_content("main"))
    context.close()


def test_a_printed_month_has_its_figures_and_no_controls(visit: Visit) -> None:
    page = visit("/compliance/month")
    page.emulate_media(media="print")
    for hidden in ("nav", "form", "button", ".pager"):
        assert page.locator(f"{hidden}:visible").count() == 0
    assert page.locator("h1:visible, figure:visible, .figures:visible").count() == 3
