"""Errors of the engine under the names that Scrubbe's fields have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import SlaError


@contextmanager
def camel_case_fields() -> Iterator[None]:
    """`open_instances` at fault becomes `openInstances`; a name without an underscore stays."""
    try:
        yield
    except SlaError as error:
        if error.field is not None:
            error.field = re.sub("_([a-z])", lambda match: match[1].upper(), error.field)
        raise
