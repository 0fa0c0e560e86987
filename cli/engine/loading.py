"""Importing much at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quickly() -> Iterator[None]:
    """Imports within this run without garbage collection. What libraries make as they load is kept, and never
    collected."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
