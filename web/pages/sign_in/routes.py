"""`/sign-in`, `/sign-out`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse

from domain.instants import SECOND
from web.http import sessions
from web.http.access import Deps, signed_in
from web.http.page_route import OPEN_TO_ALL, PageRoute
from web.http.rendering import page
from web.showing.durations import duration

router = APIRouter(route_class=PageRoute)

HOME = "/"
UNKNOWN = "This key is not known or has been revoked. Keys are made with `sla keys create`, or by an administrator."
UNDONE = "Your session has ended, and what you sent was not done. Sign in, and send it again from the page."
TOO_OFTEN = "Too many keys that are not known came from your address; no other is looked at for {wait}."


@router.get("/sign-in", openapi_extra=OPEN_TO_ALL)
async def show_sign_in(
    request: Request, back: Annotated[str, Query()] = HOME, undone: Annotated[str, Query()] = ""
) -> Response:
    if await signed_in(request) is not None:
        return RedirectResponse(within(back), 303)
    # A link on another site comes without the cookie (SameSite=Strict): the page asks once more from here.
    again = request.headers.get("sec-fetch-site") == "cross-site"
    return await page(request, "sign_in/page.html", back=within(back), fault=UNDONE if undone else "", again=again)


@router.post("/sign-in", openapi_extra=OPEN_TO_ALL)
async def sign_in(
    request: Request, deps: Deps, key: Annotated[str, Form()] = "", back: Annotated[str, Form()] = HOME
) -> Response:
    address = request.client.host if request.client else ""
    if seconds := deps.guesses.wait_seconds(address, deps.now()):
        fault = TOO_OFTEN.format(wait=duration(seconds * SECOND))
        return await _refused(request, 429, back, fault, {"Retry-After": str(seconds)})
    owner = await deps.store.keys.verify(key.strip())
    if owner is None:
        deps.guesses.fail(address, key.strip(), deps.now())
        return await _refused(request, 401, back, UNKNOWN)
    answer = RedirectResponse(within(back), 303)
    sessions.keep(answer, request, sessions.begun(owner.organization, owner.id), deps.cipher, deps.now())
    return answer


async def _refused(
    request: Request, status: int, back: str, fault: str, headers: dict[str, str] | None = None
) -> Response:
    return await page(
        request, "sign_in/page.html", status=status, headers=headers, back=within(back), fault=fault, again=False
    )


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    answer = RedirectResponse("/sign-in", 303)
    sessions.end(answer, request)
    return answer


def within(back: str) -> str:
    """The path to go back to, if it is one of ours: never another site's."""
    is_ours = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if is_ours else HOME
