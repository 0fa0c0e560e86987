"""What a key may do."""

from __future__ import annotations

from typing import Any

from domain.errors import InvalidValue
from domain.fields import require_list

READ, WRITE, ADMIN = "sla:read", "sla:write", "sla:admin"
SCOPES = (READ, WRITE, ADMIN)
"""No scope holds another: a key that may write may read only if it has that scope too."""


def require_scopes(value: Any, field: str = "scopes") -> tuple[str, ...]:
    """The scopes, each once, in the order of SCOPES. Raises InvalidValue for an unknown scope and for an empty list."""
    given = require_list(value, field)
    for index, scope in enumerate(given):
        if scope not in SCOPES:
            raise InvalidValue(f"{field}[{index}]", scope, f"must be one of {', '.join(SCOPES)}")
    if not given:
        raise InvalidValue(field, value, f"must name at least one of {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in given)
