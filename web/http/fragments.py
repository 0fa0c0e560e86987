"""Requests for a part of a page."""

from __future__ import annotations

from starlette.requests import Request


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page that it has already."""
    return "hx-request" in request.headers and "hx-boosted" not in request.headers
