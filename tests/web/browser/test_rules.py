"""Policies and calendars in a real browser: the order by keyboard alone, forms and months without a barrier."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.browser.conftest import Engine, Visit, violations

RULES = "acme"


@pytest.fixture(scope="module")
def policies(engine: Engine) -> Iterator[list[str]]:
    """Two policies behind whatever other tests have made, which they find as they left it."""
    ids = []
    for name in ("First of two", "Second of two"):
        body = {
            "name": name,
            "conditions": [{"field": "subject", "operator": "eq", "value": "nobody's"}],
            "targets": [{"type": "resolution", "hours": 4}],
            "escalations": [{"trigger": "breached", "action_type": "notify"}],
        }
        ids.append(engine.ask("POST", "/policies", body)["id"])
    yield ids
    for one in ids:
        engine.ask("DELETE", f"/policies/{one}")


def test_the_order_is_changed_by_keyboard_alone(visit: Visit, engine: Engine, policies: list[str]) -> None:
    page = visit("/policies")
    button = page.get_by_role("button", name="Move Second of two up")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/policies?moved=*")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Move Second of two up"
    assert "Second of two is now" in page.locator("[role=status].note").inner_text()
    listed = [one["id"] for one in engine.ask("GET", "/policies?limit=100")["data"]]
    assert listed.index(policies[1]) < listed.index(policies[0])
    page.get_by_role("button", name="Move Second of two down").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**direction=down")
    assert [one["id"] for one in engine.ask("GET", "/policies?limit=100")["data"]][-2:] == policies


def test_a_policy_is_dragged_to_another_place(visit: Visit, engine: Engine, policies: list[str]) -> None:
    page = visit("/policies")
    with page.expect_navigation():
        page.locator(f"#policy-{policies[1]}").drag_to(page.locator(f"#policy-{policies[0]}"))
    listed = [one["id"] for one in engine.ask("GET", "/policies?limit=100")["data"]]
    assert listed[-2:] == [policies[1], policies[0]]
    engine.ask("POST", "/policies/reorder", {"policy_ids": [*listed[:-2], *policies]})


def test_enter_in_a_field_saves_and_shows_what_running_tickets_would_do(visit: Visit, policies: list[str]) -> None:
    page = visit(f"/policies/{policies[0]}/edit")
    page.fill('[id="f-targets.0.amount"]', "5")
    page.keyboard.press("Enter")
    page.wait_for_url("**/replans/new?policy_id=*")
    assert page.locator("h2 [role=status]").inner_text() == "No running ticket is measured by it."


@pytest.mark.parametrize(
    "path",
    [
        "/policies/new",
        "/policies/{policy}",
        "/policies/{policy}/edit",
        "/policies/{policy}/versions",
        "/policies/try?priority=urgent",
        "/replans",
        "/replans/new?policy_id={policy}",
        "/calendars/new",
        "/calendars/bh_default?month=2026-03",
        "/calendars/bh_default/edit",
        "/calendars/bh_default/versions",
    ],
)
def test_no_page_of_rules_has_a_barrier_in_either_theme(visit: Visit, policies: list[str], path: str) -> None:
    page = visit(path.format(policy=policies[0]))
    for element in page.locator("details").all():
        element.evaluate("one => one.open = true")
    assert page.locator("h1").count() == 1
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, "color-contrast") == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
