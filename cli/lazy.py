"""A group of commands, each imported when it runs: `sla --help` needs none of their libraries.

It works as Click's documentation describes ("Lazily Loading Subcommands"), with one difference: a list of the commands
imports none of them, because the first sentence of each stands in the table here. A test compares it with the command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from cli.engine import loading


class LazyGroup(TyperGroup):
    """`places` has where each command is: `package.module:name` of a function, or of a `typer.Typer` with commands."""

    places: Mapping[str, str] = {}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else _command(name, self.places[name]), rest


def group(name: str, commands: Mapping[str, tuple[str, str]], **options: Any) -> typer.Typer:
    """An app of these commands, each with its place and the first sentence of its help."""
    places = {command: place for command, (place, _) in commands.items()}
    app = typer.Typer(name=name, cls=type("Commands", (LazyGroup,), {"places": places}), **options)
    for command, (_, sentence) in commands.items():
        app.command(command, help=sentence)(_listed_only)
    return app


def load(place: str) -> typer.Typer | Callable[..., Any]:
    """What is at a place, imported now."""
    module, _, attribute = place.partition(":")
    with loading.quickly():
        found: typer.Typer | Callable[..., Any] = getattr(import_module(module), attribute)
    return found


def _command(name: str, place: str) -> Any:
    found = load(place)
    if isinstance(found, typer.Typer):
        command: Any = get_group(found)
    else:
        alone = typer.Typer(add_completion=False)
        alone.command()(found)
        command = get_command(alone)
    command.name = name
    return command


def _listed_only() -> None:
    """What stands for a command in a list."""
