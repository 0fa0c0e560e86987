"""Every route of the board, found in its application, so that a new page joins the matrices by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel

from web.board import create_board

NAMED = {
    "calendar_id": "business_hours_id",
    "business_hours": "business_hours_id",
    "team": "team_id",
    "teams": "team_id",
    "policy_ids": "policy_id",
    "contact": "contact_id",
    "source": "source_id",
    "receiver": "receiver_id",
    "target": "target_id",
    "ticket": "instance_id",
    "body_id": "body",
    "delivery": "delivery_id",
}
"""What pages call a thing otherwise than REST does, by REST's name for it."""

NEEDS: dict[str, dict[str, str]] = {
    "GET /replans/new": {"policy_id": "{policy_id}"},
    "GET /breaches/{instance_id}/excuse": {"target": "resolution"},
    "POST /tickets/{instance_id}/excuse": {"target": "resolution", "reason": "none"},
    "POST /breaches/{instance_id}/excuse": {"target": "resolution", "reason": "none"},
    "POST /breaches/{instance_id}/excuse/undo": {"target": "resolution"},
}
"""What a page cannot be asked without, in its address or its form, so that it is not refused for that."""

ENDLESS = frozenset({"/live"})
"""Streams, which nobody reads to their end."""


@dataclass(frozen=True)
class PageOperation:
    """`queries` and `fields` are the names of what an address and a form may say, where the signature tells."""

    method: str
    path: str
    is_open: bool
    queries: tuple[str, ...]
    fields: tuple[str, ...]

    @property
    def parameters(self) -> tuple[str, ...]:
        return tuple(re.findall(r"\{(\w+)(?::\w+)?\}", self.path))

    def url(self, ids: Mapping[str, str]) -> str:
        """Raises KeyError for a parameter that nothing is there for."""
        return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: ids[found.group(1)], self.path)

    def needs(self, ids: Mapping[str, str]) -> dict[str, str]:
        return {name: value.format(**ids) for name, value in NEEDS.get(str(self), {}).items()}

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def page_operations() -> tuple[PageOperation, ...]:
    """In the order in which they are asked."""
    board = create_board(lambda: None)  # type: ignore[arg-type, return-value]
    return tuple(
        PageOperation(
            method,
            route.path,
            bool((route.openapi_extra or {}).get("open_to_all")),
            _names(route, "query_params"),
            _names(route, "body_params"),
        )
        for route in board.routes
        if isinstance(route, APIRoute) and route.path not in ENDLESS
        for method in sorted(set(route.methods or ()) - {"HEAD"})
    )


def _names(route: APIRoute, kind: str) -> tuple[str, ...]:
    waiting, found = [route.dependant], list[str]()
    while waiting:
        one = waiting.pop()
        waiting += one.dependencies
        for field in getattr(one, kind):
            found += _fields(field.field_info.annotation) or [field.alias]
    return tuple(dict.fromkeys(found))


def _fields(annotation: Any) -> list[str]:
    """Of a model that takes a whole form or query."""
    options = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type)]
    model = next((one for one in options if issubclass(one, BaseModel)), None)
    return [] if model is None else list(model.model_fields)


def named(ids: Mapping[str, str]) -> dict[str, str]:
    """The ids by the names of pages as well."""
    return {**ids, **{page: ids[rest] for page, rest in NAMED.items() if rest in ids}}
