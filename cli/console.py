"""The two consoles of the command."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text

# Whoever reads a pipe wants whole keys and paths, however long.
PIPE_WIDTH = 400

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PIPE_WIDTH)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    out.print(Text(line))


def note(line: str) -> None:
    """Prints a line for people only: it goes to standard error, so a pipe does not get it."""
    err.print(Text(line))


def complain(message: str) -> None:
    err.print(Text(message, style="red"))
