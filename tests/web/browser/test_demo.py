"""The demo in a real browser: offered, run, looked at and taken away, by keyboard alone, without a barrier."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.browser.conftest import EMPTY, Visit, button, press_on, violations


def test_the_demo_is_run_looked_at_and_taken_away_by_keyboard(visit: Visit) -> None:
    page = visit("/", EMPTY)
    page.get_by_role("button", name="Run the demo").focus()
    page.keyboard.press("Enter")
    banner = page.get_by_role("complementary", name="Demo")
    expect(banner).to_contain_text("This is the demo organization")
    expect(page.locator("#board")).to_contain_text("Dates as our customers write them")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    press_on(page, button(page, "Back to yours"))
    expect(banner).to_have_count(0)
    press_on(page, button(page, "Go to the demo"))
    expect(banner).to_be_visible()
    page.get_by_role("button", name="Take it away").focus()
    page.keyboard.press("Enter")
    expect(page.locator("p.note")).to_contain_text("The demo is taken away")
    expect(page.get_by_role("button", name="Run the demo")).to_be_visible()
    expect(banner).to_have_count(0)
