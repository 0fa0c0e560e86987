"""The two consoles of the command, and the table of a running engine."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli import home
from cli.readiness import api_url
from connection import temporal_address
from settings import Settings

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(line: str) -> None:
    out.print(Text(line))


def complain(message: str) -> None:
    err.print(Text(message, style="red"))


def running(settings: Settings, *, embedded: bool, new_key: str | None) -> Table:
    table = Table(title="Slakeeper is running; Ctrl-C stops it", title_justify="left", show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("API", api_url(settings))
    table.add_row("API docs", f"{api_url(settings)}/docs")
    if embedded:
        table.add_row("Temporal UI", f"http://127.0.0.1:{settings.temporal_ui_port}")
    table.add_row("Temporal server", temporal_address(settings))
    table.add_row("data folder", str(settings.home))
    if new_key is not None:
        table.add_row("API key", f"{new_key}\nshown once; kept in {home.key_file(settings.home)}")
    elif settings.api_key is None and home.key_file(settings.home).exists():
        table.add_row("API key", f"in {home.key_file(settings.home)}")
    return table
