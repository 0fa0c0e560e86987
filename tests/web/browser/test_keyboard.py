"""Everything that the board does is done by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.conftest import (
    URGENT,
    Engine,
    Visit,
    behind_others,
    press,
    priority_is,
    tab_to,
    violations,
)


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


def said(page: Page, text: str) -> None:
    expect(page.locator("p.note").first).to_contain_text(text)


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
def test_a_breach_is_excused_from_its_ticket_and_from_the_list(visit: Visit) -> None:
    page = visit("/tickets/inst_sla_ticket_broken-52")
    tab_to(page, page.get_by_role("button", name="Excuse"))
    page.keyboard.press("Enter")
    in_dialog(page, "a storm")
    said(page, "Excused")
    page = visit("/breaches?priority=broken")
    rows = page.locator("tbody tr[data-row]").count()
    press(page, "j", "Tab")
    page.keyboard.press("Enter")
    tab_to(page, page.locator("#reason"))
    page.keyboard.type("a storm")
    page.keyboard.press("Enter")
    said(page, "Excused")
    assert "?priority=broken" in page.url
    assert page.locator("tbody tr[data-row]").count() == rows - 1


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
