"""Several processes that do the same at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn


def part(work: Callable[[str], object], each: Iterable[str]) -> NoReturn:
    """Do the work in a process for each of these, and exit with 0 if they all have.

    The processes part from this one, so that they share what it has imported. It must have no other thread.
    """
    children = []
    for argument in each:
        child = os.fork()
        if not child:
            work(argument)
            sys.exit()
        children.append(child)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    sys.exit(any(statuses))
