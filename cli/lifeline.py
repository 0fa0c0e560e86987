"""A pipe whose other end only the supervisor holds: when it closes, the supervisor is gone and so are we."""

from __future__ import annotations

import os
import threading

VARIABLE = "SLA_LIFELINE_FD"


def is_there() -> bool:
    """Whether a supervisor started this process; until it is held."""
    return VARIABLE in os.environ


def hold() -> None:
    """Does nothing in a process that no supervisor started."""
    descriptor = os.environ.pop(VARIABLE, None)
    if descriptor is not None:
        threading.Thread(target=_until_closed, args=(int(descriptor),), name="lifeline", daemon=True).start()


def _until_closed(descriptor: int) -> None:
    os.set_inheritable(descriptor, False)
    while os.read(descriptor, 1):
        pass
    os._exit(1)
