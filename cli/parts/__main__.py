"""`python -m cli.parts worker|api`: a part of the engine under its supervisor, without the other commands."""

from __future__ import annotations

import sys
from importlib import import_module

from cli.engine import lifeline, loading
from domain.errors import SlaError


def main(name: str) -> None:
    code = 0
    # Before the libraries of the part are loaded, which takes long: the supervisor may end meanwhile.
    lifeline.hold()
    try:
        with loading.quickly():
            part = import_module(f"cli.parts.{name}")
        getattr(part, name)()
    except SlaError as error:
        from cli import console  # noqa: PLC0415 - with its library, which no part needs that works

        console.complain(error.message)
        code = 1
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    from connection import leave  # noqa: PLC0415 - by now it is loaded

    leave(code)


if __name__ == "__main__":
    main(sys.argv[1])
