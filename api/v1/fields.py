"""Errors of the engine, with the names of Scrubbe's fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import SlaError


@contextmanager
def camel_case_fields() -> Iterator[None]:
    """Renames the field at fault: `open_instances` becomes `openInstances`. A name without an underscore stays."""
    try:
        yield
    except SlaError as error:
        if error.field is not None:
            error.field = re.sub("_([a-z])", lambda match: match[1].upper(), error.field)
        raise
