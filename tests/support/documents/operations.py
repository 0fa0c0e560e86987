"""Every operation that the API's own description lists, so that a new route joins the matrices by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.support.apps import openapi_document

METHODS = frozenset({"get", "put", "post", "patch", "delete"})


@dataclass(frozen=True, order=True)
class Operation:
    path: str
    method: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def url(self) -> str:
        """Its path with ids that nothing has."""
        return re.sub(r"\{[^}]+\}", "nothing", self.path)


def protected_operations() -> tuple[Operation, ...]:
    """Those that need a key."""
    paths = openapi_document()["paths"]
    found = (Operation(path, method.upper()) for path, methods in paths.items() for method in METHODS & methods.keys())
    return tuple(sorted(operation for operation in found if operation.path.startswith("/api/")))
