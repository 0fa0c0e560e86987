"""Which ticket systems can be read."""

from __future__ import annotations

from collections.abc import Mapping

from domain.errors import InvalidValue
from sources.servicenow.log import ServiceNow
from sources.source import Source

SOURCES: Mapping[str, Source] = {"servicenow": ServiceNow()}


def source(name: str, field: str = "format") -> Source:
    """Raises InvalidValue for a name that is not in the registry."""
    if name not in SOURCES:
        raise InvalidValue(field, name, f"must be one of {', '.join(SOURCES)}")
    return SOURCES[name]
