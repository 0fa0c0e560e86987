"""What is told to the maintainers of the SDK is still so."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from tests.support.clockwork import binary

UPSTREAM = Path(__file__).parents[2] / "docs" / "upstream"


async def test_a_query_that_waits_while_a_timer_fires_leaves_a_history_that_does_not_replay() -> None:
    # A release of the SDK that mends this makes the test fail; then guard.py can go, decision 14 and docs/upstream too.
    script = await asyncio.create_subprocess_exec(
        sys.executable,
        UPSTREAM / "reproduce.py",
        binary("temporal"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(script.communicate(), 90)
    text = output.decode()
    assert script.returncode == 1, text
    assert "Nondeterminism error" in text
    assert re.search(r"^[1-9]\d* of 12 histories do not replay$", text, re.MULTILINE), text
