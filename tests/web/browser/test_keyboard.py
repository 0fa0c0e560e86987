"""Everything that the board does is done by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from domain.instants import MINUTE, Instant
from domain.record.records import DEAD
from tests.store.deliveries.test_the_log import sent, told
from tests.web.browser.conftest import (
    EMPTY,
    FILLED,
    URGENT,
    Engine,
    Visit,
    behind_others,
    button,
    press,
    press_on,
    priority_is,
    said,
    tab_to,
    type_into,
    violations,
)
from web.pages.listed import PAGES

HOLIDAYS = "\r\n".join(
    (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//", "BEGIN:VEVENT", "UID:1", "SUMMARY:Inventory"),
        *("DTSTART;VALUE=DATE:20270104", "DTEND;VALUE=DATE:20270105", "END:VEVENT", "END:VCALENDAR", ""),
    )
)


# Before the browser takes the focus away from what is no longer there.
CLOSED_AND_PRESSED = """() => {
    const field = document.querySelector("dialog[open] [name=reason]");
    field.focus();
    document.querySelector("dialog[open]").close();
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "r", bubbles: true }));
}"""


def in_dialog(page: Page, reason: str) -> None:
    """Types the reason and sends the form."""
    dialog = page.locator("dialog[open]")
    expect(dialog).to_be_visible()
    if reason:
        tab_to(page, dialog.locator("[name=reason]"))
        page.keyboard.type(reason)
    else:
        tab_to(page, dialog.locator("button.primary"))
    page.keyboard.press("Enter")


@pytest.mark.usefixtures("things")
def test_a_ticket_is_found_and_worked_on(visit: Visit, engine: Engine) -> None:
    page = visit("/")
    press(page, "/")
    page.keyboard.type("dial tone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=dial+tone")
    press(page, "j", "Enter")
    page.wait_for_url("**/tickets/inst_sla_ticket_43")
    for key, reason, answer in (
        ("a", "called back", "Acknowledged."),
        ("p", "needs a part", "Paused."),
        ("p", "it came", "Resumed."),
    ):
        press(page, key)
        in_dialog(page, reason)
        said(page, answer)
    expect(page.locator("#events").locator("..")).to_contain_text("needs a part")
    tab_to(page, page.get_by_role("button", name="Assign", exact=True))
    page.keyboard.press("Enter")
    tab_to(page, page.locator("#assign-team"))
    page.keyboard.type("zan")
    in_dialog(page, "theirs")
    said(page, "Assigned.")
    expect(page.locator("#ticket")).to_contain_text("zanzibar")
    press(page, "r")
    expect(page.locator("dialog[open]")).to_be_visible()
    press(page, "Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    press(page, "r")
    in_dialog(page, "it rings")
    said(page, "Resolved.")
    press(page, "?")
    expect(page.locator("#keys")).to_be_visible()
    press(page, "Escape", "g", "d")
    page.wait_for_url(f"{engine.url}/")


@pytest.mark.usefixtures("things")
def test_a_key_that_comes_at_once_after_a_dialog_was_closed_counts(visit: Visit) -> None:
    page = visit("/tickets/inst_sla_ticket_44")
    press(page, "r")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.evaluate(CLOSED_AND_PRESSED)
    expect(page.locator("dialog[open]")).to_be_visible()


@pytest.mark.usefixtures("things")
def test_a_breach_is_excused_from_its_ticket_and_from_the_list(visit: Visit) -> None:
    page = visit("/tickets/inst_sla_ticket_broken-52")
    tab_to(page, page.get_by_role("button", name="Excuse"))
    page.keyboard.press("Enter")
    in_dialog(page, "a storm")
    said(page, "Excused")
    page = visit("/breaches?priority=broken")
    rows = page.locator("tbody tr[data-row]").count()
    press(page, "j", "Tab")
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")
    tab_to(page, page.locator("#reason"))
    page.keyboard.type("a storm")
    page.keyboard.press("Enter")
    said(page, "Excused")
    assert "?priority=broken" in page.url
    assert page.locator("tbody tr[data-row]").count() == rows - 1
    page.goto(page.url.replace("?", "?excused=true&"), wait_until="domcontentloaded")
    excused = page.locator("tbody tr[data-row]").count()
    press(page, "j", "Tab")
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")
    press_on(page, button(page, "Take back"))
    expect(page.locator("p.note")).to_be_visible()
    assert page.locator("tbody tr[data-row]").count() == excused - 1


def test_every_page_is_a_letter_away(visit: Visit, engine: Engine) -> None:
    page = visit("/settings")
    for one in PAGES:
        press(page, "g", one.key)
        page.wait_for_url(f"{engine.url}{one.path}")
    assert {one.key for one in PAGES} >= set("dbcp")


@pytest.mark.usefixtures("things")
def test_a_ticket_is_paused_until_a_time_looked_at_as_it_was_and_shared(visit: Visit, engine: Engine) -> None:
    opened = datetime.now(UTC) - timedelta(hours=1)
    engine.ask("POST", "/instances", {"ticket_id": "held", "priority": "urgent", "occurred_at": opened.isoformat()})
    page = visit("/tickets/inst_sla_ticket_held")
    press(page, "p")
    tab_to(page, page.locator("#pause-until"))
    page.keyboard.type(f"1231{datetime.now(UTC).year + 1}")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("0930AM")
    in_dialog(page, "until the new year")
    said(page, "Paused.")
    # It was told of just now: a minute later there is something to go back to.
    later = Instant(engine.dependencies.now() + MINUTE)
    with engine.changed(now=lambda: later):
        page.reload(wait_until="domcontentloaded")
        tab_to(page, page.locator("#as-of"))
        before = page.locator("#as-of-says").inner_text()
        press(page, "ArrowLeft", "Home")
        expect(page.locator("#as-of-says")).not_to_have_text(before)
        press_on(page, page.locator("form", has=page.locator("#as-of")).get_by_role("button", name="Show"))
    expect(page.locator("p.advice")).to_contain_text("As it was known")
    press_on(page, page.get_by_role("link", name="As it is now"))
    press_on(page, page.get_by_role("link", name="Verify it"))
    expect(page.locator("main")).to_contain_text("Nothing was changed")
    page.go_back(wait_until="domcontentloaded")
    tab_to(page, button(page, "Link for a customer"))
    page.keyboard.press("Enter")
    with page.expect_navigation(wait_until="domcontentloaded"):
        in_dialog(page, "")
    assert violations(page) == []
    link = page.locator("#link").input_value()
    tab_to(page, button(page, "Copy"))
    page.keyboard.press("Enter")
    page.context.clear_cookies()
    page.goto(link, wait_until="domcontentloaded")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_policy_is_made_tried_and_archived(visit: Visit, engine: Engine, things: dict[str, str]) -> None:
    page = visit("/policies/new")
    type_into(page, "f-name", "By hand")
    type_into(page, "f-conditions.0.field", "priority")
    tab_to(page, page.locator('[id="f-conditions.0.operator"]'))
    page.keyboard.type("is one")
    type_into(page, "f-conditions.0.value", 'handmade, "by, hand"')
    type_into(page, "f-targets.0.amount", "2")
    press_on(page, page.get_by_role("button", name="Remove promise 2"))
    type_into(page, "f-trial.priority", "handmade")
    press_on(page, button(page, "Try it"))
    # A new one is asked behind all others.
    expect(page.locator("#trial")).to_contain_text("another policy takes it")
    press_on(page, button(page, "Save").last)
    said(page, "Saved as version 1.")
    behind_others(engine, things["policy_id"])
    page.goto(f"{engine.url}/policies/try", wait_until="domcontentloaded")
    type_into(page, "f-priority", "handmade")
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")
    expect(page.locator("#outcome")).to_have_text("By hand")
    expect(page.locator("main")).to_contain_text("priority is handmade or by, hand: the ticket has handmade")
    tab_to(page, page.locator("summary"))
    page.keyboard.press("Enter")
    press_on(page, button(page, "Try JSON"))
    expect(page.locator("#outcome")).to_be_visible()
    page.go_back(wait_until="domcontentloaded")
    press_on(page, page.locator("#outcome a"))
    tab_to(page, button(page, "Archive"))
    page.keyboard.press("Enter")
    with page.expect_navigation(wait_until="domcontentloaded"):
        in_dialog(page, "")
    said(page, "rchived")


@pytest.mark.usefixtures("things")
def test_business_hours_are_made_and_get_public_holidays_and_those_of_a_file(visit: Visit, tmp_path: Path) -> None:
    page = visit("/calendars/new")
    type_into(page, "f-name", "Typed hours")
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")
    press_on(page, page.get_by_role("link", name="All calendars").or_(page.get_by_role("link", name="Leave")).first)
    if page.get_by_role("link", name="Typed hours").count():
        press_on(page, page.get_by_role("link", name="Typed hours"))
    type_into(page, "f-country", "DE")
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")
    press_on(page, page.get_by_role("link", name="Typed hours").first)
    press_on(page, page.get_by_role("button", name="Remove the public holidays of DE"))
    press_on(page, page.get_by_role("link", name="Typed hours").first)
    press_on(page, page.get_by_role("link", name="Edit"))
    type_into(page, "f-weekly.sat", "10:00-12:00")
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")
    said(page, "Saved as version")
    press_on(page, page.get_by_role("link", name="Typed hours").first)
    file = tmp_path / "holidays.ics"
    file.write_text(HOLIDAYS)
    # That the dialog is wanted here is said without an answer: so it is said some keys before it opens.
    with page.expect_file_chooser() as chooser:
        tab_to(page, page.locator("#f-file"))
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    press_on(page, button(page, "Import"))
    expect(page.locator("main")).to_contain_text("Holidays taken from the file: 1")
    assert violations(page) == []
    tab_to(page, button(page, "Delete"))
    page.keyboard.press("Enter")
    with page.expect_navigation(wait_until="domcontentloaded"):
        in_dialog(page, "")
    said(page, "eleted")


def test_a_notice_is_sent_again_and_a_receiver_tried(visit: Visit, engine: Engine, things: dict[str, str]) -> None:
    channel = f"webhook:{things['receiver_id']}"
    stub = sent({"id": ""}, channel=channel, status=DEAD)
    engine.run(told(engine.dependencies.store, stub, subject="given-up", organization=FILLED))
    page = visit("/deliveries?ticket_id=given-up")
    press_on(page, page.locator("tr[data-row]").get_by_role("button", name="Send again"))
    expect(page.locator("p.note")).to_be_visible()
    press_on(page, button(page, "Send again"))
    expect(page.locator("p.note")).to_be_visible()
    press_on(page, button(page, "Send the sample"))
    # Nobody listens there.
    expect(page.locator("p.fault")).to_be_visible()


def test_the_example_is_loaded(visit: Visit) -> None:
    page = visit("/policies", EMPTY)
    press_on(page, button(page, "Load the example"))
    said(page, "xample")


@pytest.fixture
def two(engine: Engine, things: dict[str, str]) -> Iterator[list[str]]:
    """Two policies behind all others but the one that takes every ticket; they are gone afterwards."""
    ids = []
    for name in ("First of two", "Second of two"):
        body = {**URGENT, "name": name, "conditions": [priority_is("nobody's")]}
        ids.append(engine.ask("POST", "/policies", body)["id"])
    behind_others(engine, things["policy_id"])
    yield ids
    for one in ids:
        engine.ask("DELETE", f"/policies/{one}")


def last_two(engine: Engine) -> list[str]:
    return [one["id"] for one in engine.ask("GET", "/policies?limit=100")["data"]][-3:-1]


def test_the_order_of_policies_is_changed_and_keeps_the_focus(visit: Visit, engine: Engine, two: list[str]) -> None:
    page = visit("/policies")
    tab_to(page, page.get_by_role("button", name="Move Second of two up"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/policies?moved=*")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move Second of two up"
    assert "Second of two is now" in page.locator("p.note").inner_text()
    expect(page.locator("#announce")).to_contain_text("Second of two is now")
    assert last_two(engine) == two[::-1]
    tab_to(page, page.get_by_role("button", name="Move Second of two down"))
    page.keyboard.press("Enter")
    page.wait_for_url("**direction=down")
    assert last_two(engine) == two


def test_a_policy_is_dragged_to_another_place(visit: Visit, engine: Engine, two: list[str]) -> None:
    page = visit("/policies")
    with page.expect_navigation():
        page.locator(f"#policy-{two[1]}").drag_to(page.locator(f"#policy-{two[0]}"))
    assert last_two(engine) == two[::-1]


def test_a_changed_policy_is_looked_at_applied_and_undone(visit: Visit, engine: Engine, two: list[str]) -> None:
    engine.ask("POST", "/instances", {"ticket_id": "replanned", "priority": "nobody's"})
    page = visit(f"/policies/{two[0]}/edit")
    tab_to(page, page.locator('[id="f-targets.1.amount"]'))
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/replans/new?policy_id=*")
    expect(page.locator("#would")).to_contain_text("1 running ticket would move")
    tab_to(page, page.get_by_role("button", name="Apply").first)
    page.keyboard.press("Enter")
    in_dialog(page, "as we said")
    said(page, "Applied to running tickets.")
    tab_to(page, page.get_by_role("button", name="Undo").first)
    page.keyboard.press("Enter")
    in_dialog(page, "")
    said(page, "Undone: the earlier rules count.")
    # A policy that is still needed would not let itself be taken away.
    engine.ask("POST", "/instances/inst_sla_ticket_replanned/resolve", {})


def test_an_earlier_version_of_a_policy_comes_back_into_force(visit: Visit, engine: Engine, two: list[str]) -> None:
    engine.ask("PATCH", f"/policies/{two[0]}", {"description": "Said later."})
    page = visit(f"/policies/{two[0]}/versions")
    tab_to(page, button(page, "Take version 1 back into force"))
    page.keyboard.press("Enter")
    with page.expect_navigation(wait_until="domcontentloaded"):
        in_dialog(page, "")
    said(page, "Version 1 is in force again, as version 3.")


@pytest.mark.usefixtures("things")
def test_a_filter_is_chosen_in_steps_and_a_day_typed_before_they_are_sent(visit: Visit) -> None:
    day = datetime.now(UTC).date() - timedelta(days=20)
    page = visit("/breaches")
    press(page)
    tab_to(page, page.locator("#f-start_date"))
    page.keyboard.type(day.strftime("%m%d%Y"))
    expect(page.locator("#f-start_date")).to_have_value(day.isoformat())
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")
    assert f"start_date={day.isoformat()}" in page.url
    there = page.url
    press(page)
    kinds = page.locator("#f-type")
    tab_to(page, kinds)
    press(page, "ArrowDown", "ArrowDown")
    expect(kinds).to_be_focused()
    expect(kinds).to_have_js_property("selectedIndex", 2)
    assert page.url == there
    press_on(page, button(page, "Show"))
    assert "&type=" in page.url
    press(page)
    tab_to(page, page.locator("#f-start_date"))
    press(page, "ArrowUp", "ArrowDown")
    expect(page.locator("#f-start_date")).to_be_focused()
    # What a pointer chooses is sent at once.
    page.locator("h1").click()
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.locator("#f-excused").select_option("true")
    assert "excused=true" in page.url


def test_a_receiver_is_made_and_its_secret_is_at_hand(visit: Visit, engine: Engine) -> None:
    page = visit("/settings/receivers/new")
    tab_to(page, page.locator("#f-name"))
    page.keyboard.type("Night desk")
    tab_to(page, page.locator("#f-address"))
    page.keyboard.type(f"{engine.url}/nowhere")
    page.keyboard.press("Enter")
    page.wait_for_selector("#secret-1")
    assert page.evaluate("document.activeElement.value").startswith("whsec_")
    assert violations(page) == []
    page.locator("main a.button").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings/receivers/rcv_*")
    assert "whsec_" not in page.content()


def test_whoever_is_done_signs_out(visit: Visit) -> None:
    page = visit("/")
    tab_to(page, page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in")
