"""The desk of the analytics' tests, whose figures can be checked by hand, looked at through the board."""

from __future__ import annotations

from typing import Any

import pytest

from domain.instants import parse
from tests.api.organization.test_api_analytics import NOW, all_of_it


@pytest.fixture
async def desk(filled: Any) -> Any:
    """Asked on 20 March 2026."""
    api = await filled(all_of_it)
    api.use(now=lambda: parse(NOW))
    return api


@pytest.fixture
async def seen(make_board: Any, desk: Any) -> Any:
    return await make_board(desk)
