"""The forms of settings, filled in and sent by keyboard alone."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect

from service.hooks.applying import Applier
from tests.api.sources.test_connectors_are_set_up import SINCE, listed
from tests.api.sources.test_webhooks_arrive import SECRET
from tests.support.peers.ticket_systems import ticket_system
from tests.web.browser.conftest import Engine, Visit, button, press_on, said, tab_to, type_into, violations
from tests.web.settings.test_sources_pages import ODD, signed

pytestmark = pytest.mark.usefixtures("things")


def confirmed(page: Page, name: str) -> None:
    """A button that asks first."""
    tab_to(page, button(page, name))
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    press_on(page, page.locator("dialog[open] button.primary"))


def saved(page: Page) -> None:
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")
    expect(page.locator(".fault")).to_have_count(0)


def test_the_organization_and_a_team(visit: Visit) -> None:
    page = visit("/settings")
    type_into(page, "f-name", "zanzibar")
    saved(page)
    said(page, "")
    page = visit("/settings/teams")
    type_into(page, "f-name", "Night")
    type_into(page, "f-id", "night")
    saved(page)
    press_on(page, page.get_by_role("link", name="Night"))
    type_into(page, "f-lead", "night@example.com")
    saved(page)
    if page.url.endswith("/teams"):
        press_on(page, page.get_by_role("link", name="Night"))
    confirmed(page, "Delete")
    expect(page.get_by_role("link", name="Night")).to_have_count(0)


def test_a_contact_and_who_is_on_call(visit: Visit, engine: Engine) -> None:
    page = visit("/settings/contacts/new")
    type_into(page, "f-name", "Ada")
    tab_to(page, page.locator('[id="f-addresses.0.channel"]'))
    page.keyboard.type("webhook")
    type_into(page, "f-addresses.0.address", f"{engine.url}/nowhere")
    saved(page)
    assert violations(page) == []
    press_on(page, page.get_by_role("link", name="Go on"))
    if page.url.endswith("/contacts"):
        press_on(page, page.get_by_role("link", name="Ada"))
    ada = page.url
    type_into(page, "f-name", "Ada L")
    saved(page)
    said(page, "Saved.")
    press_on(page, button(page, "Send a sample to each address"))
    tab_to(page, page.get_by_role("button", name="New secret of"))
    page.keyboard.press("Enter")
    press_on(page, page.locator("dialog[open] button.primary"))
    expect(page.locator("#secret-1")).to_be_focused()
    page = visit("/settings/on-call/new")
    type_into(page, "f-name", "Weekends")
    # Whatever time it is, the first turn has begun.
    tab_to(page, page.locator("#f-handover"))
    page.keyboard.type("1200AM")
    expect(page.locator("#f-handover")).to_have_value("00:00")
    tab_to(page, page.locator('[id="f-members.0.contact"]'))
    page.keyboard.type("Ada")
    with page.expect_navigation(wait_until="domcontentloaded"):
        tab_to(page, button(page, "Save"))
        page.keyboard.press("Enter")
    if page.url.endswith("/on-call"):
        press_on(page, page.get_by_role("link", name="Weekends"))
    expect(page.locator("#next")).to_contain_text("Ada")
    type_into(page, "f-length", "3")
    saved(page)
    said(page, "Saved.")
    confirmed(page, "Delete")
    page.goto(ada, wait_until="domcontentloaded")
    confirmed(page, "Delete")


def test_a_receiver_is_switched_tried_and_deleted(visit: Visit, engine: Engine) -> None:
    body = {"name": "Mirror", "channel": "webhook", "address": f"{engine.url}/nowhere"}
    made = engine.ask("POST", "/receivers", body)
    page = visit(f"/settings/receivers/{made['id']}")
    type_into(page, "f-priorities", "urgent")
    saved(page)
    said(page, "Saved.")
    press_on(page, button(page, "Switch off"))
    press_on(page, button(page, "Switch on"))
    confirmed(page, "Send a sample")
    expect(page.locator("p.fault, p.note").first).to_be_visible()
    confirmed(page, "New secret")
    press_on(page, page.get_by_role("link", name="Go on"))
    page.goto(f"{engine.url}/settings/receivers/{made['id']}", wait_until="domcontentloaded")
    confirmed(page, "Delete")
    expect(page.get_by_role("link", name="Mirror")).to_have_count(0)


def test_a_source_is_connected_tried_and_taken_away(visit: Visit, engine: Engine) -> None:
    page = visit("/settings/sources/new")
    tab_to(page, page.locator("#f-kind"))
    page.keyboard.type("GitHub")
    type_into(page, "f-name", "Forge")
    saved(page)
    press_on(page, page.get_by_role("link", name="Go on"))
    if page.url.endswith("/sources"):
        press_on(page, page.get_by_role("link", name="Forge"))
    forge = page.url
    type_into(page, "f-body", "{}")
    press_on(page, button(page, "Try"))
    expect(page.locator("#try").locator("..")).to_contain_text("would be refused")
    assert violations(page) == []
    page.goto(forge, wait_until="domcontentloaded")
    press_on(page, page.get_by_role("link", name="Edit"))
    type_into(page, "f-name", "Forge two")
    saved(page)
    page.goto(forge, wait_until="domcontentloaded")
    press_on(page, button(page, "Switch off"))
    press_on(page, button(page, "Switch on"))
    confirmed(page, "Delete")
    expect(page.get_by_role("link", name="Forge")).to_have_count(0)


def test_a_way_back_is_set_up_tried_asked_for_what_was_lost_and_taken_away(visit: Visit, engine: Engine) -> None:
    made = engine.ask("POST", "/sources", {"kind": "github", "name": "There and back", "prefix": "back:"})
    page = visit(f"/settings/sources/{made['id']}")
    press_on(page, page.get_by_role("link", name="Set up the way back"))
    with ticket_system("github") as github:
        github.changed.append(listed("github"))
        type_into(page, "f-base_url", github.url)
        type_into(page, "f-token", github.credentials["token"])
        type_into(page, "f-projects", "acme/desk")
        saved(page)
        said(page, "The way back is set up.")
        press_on(page, button(page, "Try the way back"))
        said(page, "The ticket system knows us as")
        tab_to(page, page.locator("#f-since"))
        page.keyboard.type((SINCE - timedelta(days=2)).strftime("%m%d%Y"))
        page.keyboard.press("ArrowRight")
        page.keyboard.type("0930AM")
        press_on(page, button(page, "Ask for it"))
        said(page, "Found and kept: 1;")
    press_on(page, page.get_by_role("link", name="Change the way back"))
    confirmed(page, "Take the way back away")
    said(page, "There is no way back any more")
    expect(page.get_by_role("link", name="Set up the way back")).to_be_visible()


def test_what_was_set_aside_is_interpreted_once_more(visit: Visit, engine: Engine) -> None:
    made = engine.ask("POST", "/sources", {"kind": "github", "name": "Odd", "secret": SECRET, "prefix": "odd:"})
    for number in (1, 2):
        content, headers = signed({**ODD, "issue": {**ODD["issue"], "number": number}})
        httpx.post(f"{engine.url}/hooks/{made['id']}", content=content, headers=headers).raise_for_status()
    settling = Applier(engine.dependencies)
    engine.run(settling.round())
    page = visit(f"/settings/sources/{made['id']}")
    press_on(page, button(page, "Interpret all that was set aside once more"))
    said(page, "Interpreted once more: 2.")
    engine.run(settling.round())
    press_on(page, page.locator("tr[data-row] a").first)
    press_on(page, button(page, "Interpret it once more"))
    said(page, "It is interpreted once more.")
    expect(button(page, "Interpret it once more")).to_have_count(0)


def test_the_words_of_a_channel_are_tried_saved_and_taken_away(visit: Visit) -> None:
    page = visit("/settings/templates?channel=apprise")
    type_into(page, "f-subject", "Look at {{ ticket.id }}")
    press_on(page, button(page, "See what it would say"))
    expect(page.locator("[data-said]")).to_contain_text("Nothing is saved yet.")
    expect(page.locator("section", has=page.locator("#seen"))).to_contain_text("Look at")
    press_on(page, button(page, "Save"))
    said(page, "Saved")
    press_on(page, button(page, "Take your own away"))
    said(page, "All is built in again.")


def test_a_key_is_made_and_revoked(visit: Visit) -> None:
    page = visit("/settings/keys")
    type_into(page, "f-name", "Passer-by")
    tab_to(page, page.locator('[name=scopes][value="sla:read"]'))
    page.keyboard.press("Space")
    saved(page)
    expect(page.locator("#secret-1")).to_be_focused()
    press_on(page, page.get_by_role("link", name="Go on"))
    confirmed(page, "Revoke Passer-by")
    expect(page.get_by_role("row").filter(has_text="Passer-by")).to_contain_text("revoked")
