"""Where the board is, and that no start waits for it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from web.board import create_board
from web.build_assets import ROOT
from web.mount import SECTIONS


def test_the_api_knows_the_first_word_of_every_address_of_the_board() -> None:
    """A page that is missing here is not found: add the first word of its address to `SECTIONS` in web/mount.py."""
    board = create_board(lambda: None)  # type: ignore[arg-type, return-value]
    assert {getattr(route, "path", "/").split("/")[1] for route in board.routes} - {""} == SECTIONS


def test_a_start_of_the_api_does_not_load_the_board() -> None:
    script = "import sys, api.app; print([name for name in sys.modules if name.startswith(('web.pages', 'web.board'))])"
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said.strip() == "[]"


async def test_it_is_loaded_with_the_first_page_and_once(board: Any) -> None:
    loaded = board.api.app.state.board
    assert await loaded.app() is await loaded.app()
