"""Every page in a real browser: with data and empty, in both themes, on a narrow screen."""

from __future__ import annotations

import pytest

from tests.web.browser.conftest import EMPTY, FILLED, Engine, Visit, violations
from web.pages.listed import PAGES


@pytest.fixture(scope="module")
def filled(engine: Engine) -> Engine:
    engine.ask(
        "POST",
        "/policies",
        {
            "name": "Urgent",
            "conditions": [{"field": "priority", "operator": "in", "value": ["urgent"]}],
            "targets": [{"type": "resolution", "priority": "urgent", "hours": 4}],
        },
    )
    for subject in ("Mail server answers nobody", "No dial tone"):
        body = {"ticket_id": subject[:4].lower(), "priority": "urgent", "fields": {"subject": subject}}
        engine.ask("POST", "/instances", body)
    return engine


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title)
def test_a_page_has_no_barrier_in_either_theme_and_fits_a_narrow_screen(
    visit: Visit, filled: Engine, page: object
) -> None:
    for organization in (FILLED, EMPTY):
        opened = visit(page.path, organization)  # type: ignore[attr-defined]
        assert opened.locator("h1").count() == 1
        assert violations(opened) == []
        opened.emulate_media(color_scheme="dark")
        assert violations(opened) == []
        opened.set_viewport_size({"width": 320, "height": 700})
        assert opened.evaluate("document.documentElement.scrollWidth") <= 320
