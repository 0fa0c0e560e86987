"""The class of every route of the board: whatever changes something brings the session's token along."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import Forbidden, InvalidValue
from web.http.access import visiting

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
MOST_BYTES = 2 * 1024 * 1024
MOST_FIELDS = 10_000
"""A policy with some hundred promises has a dozen fields for each."""
HARMLESS = {"GET", "HEAD"}


class PageRoute(APIRoute):
    """Refuses a form of another site, one that is too large, and one of a session that is not this one.

    `open_to_all` in `openapi_extra` marks the few routes that need no session, such as the sign-in.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "response_model": None, "include_in_schema": False})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        is_open = bool((self.openapi_extra or {}).get("open_to_all"))

        async def checked(request: Request) -> Response:
            _require_storable(request.query_params.multi_items())
            _require_storable(request.path_params.items())
            if request.method not in HARMLESS:
                require_own_site(request)
                _require_length(request)
                _require_storable((await request.form(max_fields=MOST_FIELDS)).multi_items())
                if not is_open:
                    await _require_token(request)
            return await handle(request)

        return checked


OPEN_TO_ALL = {"open_to_all": True}


def require_own_site(request: Request) -> None:
    """Raises Forbidden for a form that another site sent: browsers say where it comes from.

    The first word is the browser's own, which also holds where a proxy asks by another name of the host. Older ones
    say the origin alone.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    is_ours = site == "same-origin" if site is not None else origin is None or is_own_host(request, origin)
    if not is_ours:
        raise Forbidden("This form was sent from another site; open the page here and send it again.")


def is_own_host(request: Request, address: str) -> bool:
    """Whether an address is of the host that was asked, or of the one that the board is known by."""
    public: str = request.app.state.dependencies().public_url
    return _host(address) in {request.headers.get("host"), _host(public)} - {None, ""}


def _host(address: str) -> str:
    return address.partition("://")[2].partition("/")[0]


def _require_length(request: Request) -> None:
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise HTTPException(411, "The request must say how long it is.")
    if int(length) > MOST_BYTES:
        raise HTTPException(413, f"The form must not be larger than {MOST_BYTES // 1024} KiB.")


def _require_storable(fields: Iterable[tuple[str, Any]]) -> None:
    """Raises InvalidValue for what a database cannot hold: NUL on PostgreSQL, halves of characters on both."""
    for name, value in fields:
        if isinstance(value, str) and ("\x00" in value or not _is_text(value)):
            raise InvalidValue(name, ascii(value), "must be text without NUL")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _require_token(request: Request) -> None:
    visitor = await visiting(request)
    given = request.headers.get(CSRF_HEADER) or (await request.form()).get(CSRF_FIELD)
    if not isinstance(given, str) or not secrets.compare_digest(given.encode(), visitor.csrf.encode()):
        raise Forbidden("This form is of an earlier session; load the page again and send it once more.")
