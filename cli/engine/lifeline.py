"""A pipe whose other end only the supervisor holds: when it closes, the supervisor is gone and so are we.

The first byte in it is the supervisor's word to begin: a part may load its libraries before what it needs is there.
"""

from __future__ import annotations

import os
import threading

VARIABLE = "SLA_LIFELINE_FD"
WORD = b"!"

_told = threading.Event()


def is_there() -> bool:
    """Whether a supervisor started this process; until it is held."""
    return VARIABLE in os.environ


def hold() -> None:
    """Does nothing in a process that no supervisor started."""
    descriptor = os.environ.pop(VARIABLE, None)
    if descriptor is None:
        _told.set()
    else:
        threading.Thread(target=_until_closed, args=(int(descriptor),), name="lifeline", daemon=True).start()


def await_word() -> None:
    """Returns when the supervisor has said to begin; to be asked once it is held."""
    _told.wait()


def _until_closed(descriptor: int) -> None:
    os.set_inheritable(descriptor, False)
    while os.read(descriptor, 1):
        _told.set()
    os._exit(1)
