"""`python -m cli.engine.parts worker|api`: a part of the engine under its supervisor, without the other commands."""

from __future__ import annotations

import sys

from cli import console, services
from domain.errors import SlaError

PARTS = {"worker": services.worker, "api": services.api}


def main(name: str) -> None:
    code = 0
    try:
        PARTS[name]()
    except SlaError as error:
        console.complain(error.message)
        code = 1
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    from connection import leave  # noqa: PLC0415 - by now it is loaded

    leave(code)


if __name__ == "__main__":
    main(sys.argv[1])
