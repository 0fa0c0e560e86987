"""What a key may do."""

from __future__ import annotations

from typing import Any

from domain.errors import InvalidValue
from domain.fields import require_list

READ, WRITE, ADMIN = "sla:read", "sla:write", "sla:admin"
SCOPES = (READ, WRITE, ADMIN)
"""Each stands alone: a key that may write may not read unless it says so."""


def require_scopes(value: Any, field: str = "scopes") -> tuple[str, ...]:
    """The scopes, each once, in the order of SCOPES. Raises InvalidValue for an unknown one and for none at all."""
    given = require_list(value, field)
    for index, scope in enumerate(given):
        if scope not in SCOPES:
            raise InvalidValue(f"{field}[{index}]", scope, f"must be one of {', '.join(SCOPES)}")
    if not given:
        raise InvalidValue(field, value, f"must name at least one of {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in given)
