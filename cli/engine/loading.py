"""Importing much at once."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# The command that httpx has of its own, with rich, click and pygments. Where it cannot be imported, httpx does without.
NEEDLESS = "httpx._main"


@contextmanager
def quickly() -> Iterator[None]:
    """Imports within this run without garbage collection, and without what nobody needs. What libraries make as they
    load is kept, and never collected."""
    gc.disable()
    sys.modules.setdefault(NEEDLESS, None)  # type: ignore[arg-type]  # so Python marks what must not be imported
    try:
        yield
    finally:
        if sys.modules[NEEDLESS] is None:
            del sys.modules[NEEDLESS]
        gc.freeze()
        gc.enable()
