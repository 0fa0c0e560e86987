"""Every page in a real browser: without barriers in both themes, on a narrow screen, by keyboard alone, and live."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.web.browser.conftest import EMPTY, FILLED, Engine, Visit, press, violations
from web.pages.listed import PAGES

SUBJECTS = ("Mail server answers nobody", "No dial tone", "Printer on fire")
TICKET = "/tickets/inst_sla_ticket_42"


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Engine:
    urgent = [{"field": "priority", "operator": "in", "value": ["urgent"]}]
    targets = [
        {"type": "first_response", "priority": "urgent", "hours": 2},
        {"type": "resolution", "priority": "urgent", "hours": 4},
    ]
    engine.ask("POST", "/policies", {"name": "Urgent", "conditions": urgent, "targets": targets})
    for number, subject in enumerate(SUBJECTS):
        body = {"ticket_id": str(42 + number), "priority": "urgent", "fields": {"subject": subject}}
        engine.ask("POST", "/instances", body)
    furnish_settings(engine)
    return engine


def furnish_settings(engine: Engine) -> None:
    """One of each subject of the settings."""
    engine.ask("POST", "/teams", {"id": "net", "name": "Network"})
    hook = {"channel": "webhook", "address": f"{engine.url}/nowhere"}
    ada = engine.ask("POST", "/contacts", {"name": "Ada", "addresses": [hook]})["id"]
    turns = {"members": [ada], "shift": {"days": 7}, "start": "2026-03-02"}
    on_call = engine.ask("POST", "/on-call", {"name": "Nights", "timezone": "UTC", "rotation": turns})["id"]
    receiver = engine.ask("POST", "/receivers", {"name": "Desk", **hook})["id"]
    source = engine.ask("POST", "/sources", {"kind": "github"})["id"]
    places = {"contacts": ada, "on-call": on_call, "receivers": receiver, "sources": source}
    engine.things["settings"] = [f"/settings/{subject}/{id_}" for subject, id_ in places.items()]


PLACES = [(page.path, organization) for page in PAGES for organization in (FILLED, EMPTY)]


@pytest.mark.parametrize(("path", "organization"), [*PLACES, (TICKET, FILLED)])
def test_a_page_has_no_barrier_in_either_theme_and_fits_a_narrow_screen(
    visit: Visit, filled: Engine, path: str, organization: str
) -> None:
    page = visit(path, organization)
    assert page.locator("h1").count() == 1
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, "color-contrast") == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_settings_have_no_barrier_and_fit_a_narrow_screen(visit: Visit, filled: Engine) -> None:
    page = visit("/settings")
    lists = [f"/settings/{one}" for one in ("teams", "receivers", "sources", "on-call", "templates", "keys")]
    for path in (*lists, *filled.things["settings"], "/settings/contacts/new"):
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"{filled.url}{path}", wait_until="domcontentloaded")
        assert page.locator("h1").count() == 1, path
        assert violations(page) == [], path
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == [], path
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_a_receiver_is_made_by_keyboard_alone_and_its_secret_is_at_hand(visit: Visit, filled: Engine) -> None:
    page = visit("/settings/receivers/new")
    page.locator("#f-name").focus()
    page.keyboard.type("Night desk")
    page.locator("#f-address").focus()
    page.keyboard.type(f"{filled.url}/nowhere")
    page.keyboard.press("Enter")
    page.wait_for_selector("#secret-1")
    assert page.evaluate("document.activeElement.value").startswith("whsec_")
    assert violations(page) == []
    page.locator("main a.button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/receivers/rcv_*")
    assert "whsec_" not in page.content()


def test_a_new_ticket_appears_by_itself_and_focus_stays_where_it_is(visit: Visit, filled: Engine) -> None:
    page = visit("/?q=telephone")
    expect(page.locator("#board")).to_contain_text("Nothing matches")
    page = visit("/")
    press(page, "j", "j")
    focused = page.evaluate("document.activeElement.id")
    assert focused.startswith("open-inst_sla_ticket_")
    page.wait_for_function("document.querySelector('#lamp').textContent.includes('as of')")
    body = {"ticket_id": "99", "priority": "urgent", "fields": {"subject": "The telephone is mute"}}
    filled.ask("POST", "/instances", body)
    expect(page.locator("#board")).to_contain_text("The telephone is mute")
    assert page.evaluate("document.activeElement.id") == focused
    expect(page.locator("#announce")).to_contain_text("paused")


def test_everything_is_done_by_keyboard_alone(visit: Visit, filled: Engine) -> None:
    page = visit("/")
    press(page, "/")
    page.keyboard.type("dial tone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=dial+tone")
    press(page, "j", "Enter")
    page.wait_for_url("**/tickets/inst_sla_ticket_43")
    for key, reason, said in (
        ("a", "called back", "Acknowledged."),
        ("p", "needs a part", "Paused."),
        ("p", "", "Resumed."),
    ):
        press(page, key)
        expect(page.locator("dialog[open]")).to_be_visible()
        page.locator("dialog[open] [name=reason]").focus()
        page.keyboard.type(reason)
        page.keyboard.press("Enter")
        expect(page.locator("p.note")).to_contain_text(said)
    expect(page.locator("#events").locator("..")).to_contain_text("needs a part")
    press(page, "r", "Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    press(page, "?")
    expect(page.locator("#keys")).to_be_visible()
    press(page, "Escape", "g", "d")
    page.wait_for_url(f"{filled.url}/")


def test_what_is_left_ticks_without_the_server(visit: Visit, filled: Engine) -> None:
    page = visit("/?q=Printer")
    left = page.locator("[data-left]").first
    before = left.text_content()
    assert before is not None
    page.clock.install()
    page.evaluate("document.querySelector('[data-left]').dataset.left = '90'")
    expect(left).to_have_text("1 min")


def test_without_script_everything_is_there_to_read(
    browser: object, sessions: dict[str, object], filled: Engine
) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=sessions[FILLED])  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(f"{filled.url}{TICKET}")
    assert "every condition holds" in page.text_content("main")
    context.close()
