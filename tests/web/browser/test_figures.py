"""The pages of figures in a real browser, with breaches: no barrier, printed, and by keyboard alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.web.browser.conftest import Engine, Visit, violations

OF_FIGURES = ("/breaches", "/compliance", "/compliance/month")


@pytest.fixture(scope="module")
def broken(engine: Engine) -> Engine:
    """Tickets of a policy of their own, each opened some hours more than its promise ago."""
    engine.ask(
        "POST",
        "/policies",
        {
            "name": "Broken",
            "conditions": [{"field": "priority", "operator": "in", "value": ["broken"]}],
            "targets": [{"type": "resolution", "hours": 1}],
        },
    )
    for hours in (3, 4, 27, 28, 29, 52):
        at = datetime.now(UTC) - timedelta(hours=hours)
        body = {"ticket_id": f"broken-{hours}", "priority": "broken", "occurred_at": at.isoformat()}
        opened = engine.ask("POST", "/instances", body)
    engine.ask("POST", f"/instances/{opened['id']}/resolve", {})
    return engine


@pytest.mark.parametrize("path", OF_FIGURES)
def test_figures_have_no_barrier_in_either_theme_and_fit_a_narrow_screen(
    visit: Visit, broken: Engine, path: str
) -> None:
    opened = visit(f"{path}?priority=broken")
    assert opened.locator("table tbody tr").count() > 0
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert violations(opened) == []
    opened.set_viewport_size({"width": 320, "height": 700})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_printed_month_has_its_figures_and_no_controls(visit: Visit, broken: Engine) -> None:
    opened = visit("/compliance/month")
    opened.emulate_media(media="print")
    for hidden in ("nav", "form", "button", ".pager"):
        assert opened.locator(f"{hidden}:visible").count() == 0
    assert opened.locator("h1:visible, figure:visible, .figures:visible").count() == 3


def test_a_breach_is_excused_by_keyboard_alone(visit: Visit, broken: Engine) -> None:
    opened = visit("/breaches?priority=broken")
    rows = opened.locator("tbody tr[data-row]").count()
    opened.keyboard.press("j")
    assert opened.evaluate("document.activeElement.closest('[data-row]') !== null")
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    opened.wait_for_selector("#reason")
    opened.focus("#reason")
    opened.keyboard.type("a storm")
    opened.keyboard.press("Enter")
    opened.wait_for_selector(".note")
    assert "?priority=broken" in opened.url
    assert opened.locator("tbody tr[data-row]").count() == rows - 1
