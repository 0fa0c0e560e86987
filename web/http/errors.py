"""Refusals as pages that say what to do."""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from domain.errors import Forbidden, InvalidValue, PlanRequired, SlaError, StoreUnavailable, Unauthorized, Unavailable
from web.http.access import signed_in
from web.http.fragments import is_fragment
from web.http.page_route import is_own_host
from web.http.rendering import page

log = logging.getLogger(__name__)

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
ADVICE = {
    404: "It may have been removed, or it belongs to another organization. The address may be misspelt.",
    413: "Send less at once.",
    422: "Go back, correct the value and send it again.",
    503: "Nothing is lost: clocks go on and notices leave. Load the page again in a moment.",
}
SCOPE_ADVICE = "Sign in with a key that has the scope, or ask whoever administers the organization."
AGAIN_ADVICE = "Nothing was done. Go back to the page, load it again and send the form once more."
GENERAL_ADVICE = "Load the page again. If it happens again, the log of the API says why."


def install(app: FastAPI) -> None:
    app.exception_handler(SlaError)(_refused)
    app.exception_handler(RequestValidationError)(_misshapen)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(ClientDisconnect)(_gone)
    app.exception_handler(Exception)(_unexpected)


async def _refused(request: Request, error: SlaError) -> Response:
    if isinstance(error, Unauthorized):
        return to_sign_in(request)
    if error.status >= 500:
        log.warning("%s: %s", error.code, error.message)
    # Where the store lies is nobody's business out there.
    detail = "The store does not answer." if isinstance(error, StoreUnavailable) else error.message
    headers = {"Retry-After": str(error.retry_after_seconds)} if isinstance(error, Unavailable) else {}
    return await _page(request, error.status, error.title, detail, headers, _advice(error))


def _advice(error: SlaError) -> str | None:
    """Of what is forbidden, which has more than one reason; None for what its status says."""
    if isinstance(error, PlanRequired):
        return "Ask whoever administers the organization."
    if isinstance(error, Forbidden):
        return SCOPE_ADVICE if error.field == "scope" else AGAIN_ADVICE
    return None


def to_sign_in(request: Request) -> Response:
    """The sign-in leads back to the page that was open. Of a form it says that nothing was done."""
    if is_fragment(request):
        place = _sign_in(_own_path(request, request.headers.get("hx-current-url", "")))
        return Response(status_code=401, headers={"HX-Redirect": place})
    if request.url.path == SIGN_OUT:
        return RedirectResponse(SIGN_IN, 303)
    if request.method != "GET":
        return RedirectResponse(_sign_in(came_from(request), undone="1"), 303)
    back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(_sign_in(back), 303)


def _sign_in(back: str, **more: str) -> str:
    given = {**({"back": back} if back else {}), **more}
    return f"{SIGN_IN}?{urlencode(given)}" if given else SIGN_IN


def came_from(request: Request) -> str:
    """The page of ours on which a form was sent; empty where the browser does not say."""
    return _own_path(request, request.headers.get("referer", ""))


def _own_path(request: Request, address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if not is_own_host(request, address) or parts.path in ("", SIGN_IN):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


async def _misshapen(request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:]) or "form"
    return await _page(request, 422, InvalidValue.title, f"{field}: {first['msg']}")


async def _http(request: Request, error: HTTPException) -> Response:
    title = HTTPStatus(error.status_code).phrase
    detail = "There is no such page." if error.status_code == 404 else str(error.detail)
    return await _page(request, error.status_code, title, detail, dict(error.headers or {}))


async def _gone(request: Request, error: ClientDisconnect) -> Response:  # noqa: ARG001 - the shape of handlers
    """For a form whose sender has gone: nobody reads it."""
    return Response(status_code=400)


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected %s in %s %s", type(error).__name__, request.method, request.url.path)
    return await _page(request, 500, SlaError.title, "Something went wrong on our side; it has been logged.")


async def _page(
    request: Request,
    status: int,
    title: str,
    detail: str,
    headers: dict[str, str] | None = None,
    advice: str | None = None,
) -> HTMLResponse:
    if getattr(request.state, "visitor", None) is None and status != 503:
        # The navigation of whoever is signed in stays where it is.
        try:
            await signed_in(request)
        except SlaError:
            request.state.visitor = None
    said = {"title": title, "detail": detail, "advice": advice or ADVICE.get(status, GENERAL_ADVICE)}
    template = "error_part.html" if is_fragment(request) else "error.html"
    back = came_from(request) if request.method != "GET" else ""
    return await page(request, template, status=status, headers=headers, back=back, **said)
