"""A pipe whose other end only the supervisor holds. When it closes, the supervisor is gone, and this process ends, too.

The first byte in the pipe is the supervisor's word to begin. So a part can load its libraries before the server and the
store are there.
"""

from __future__ import annotations

import os
import threading

VARIABLE = "SLA_LIFELINE_FD"
WORD = b"!"

_supervised = threading.Event()
_told = threading.Event()


def hold() -> bool:
    """Whether a supervisor started this process; if so, it ends from now on when the supervisor does."""
    descriptor = os.environ.pop(VARIABLE, None)
    if descriptor is not None:
        _supervised.set()
        threading.Thread(target=_until_closed, args=(int(descriptor),), name="lifeline", daemon=True).start()
    elif not _supervised.is_set():
        _told.set()
    return _supervised.is_set()


def await_word() -> None:
    """Returns when the supervisor has said to begin. Call `hold` before."""
    _told.wait()


def _until_closed(descriptor: int) -> None:
    os.set_inheritable(descriptor, False)
    while os.read(descriptor, 1):
        _told.set()
    os._exit(1)
