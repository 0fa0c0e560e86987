"""What is said once on the next page: that something was done, or why not. A sealed cookie keeps it in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from domain.errors import SlaError
from domain.instants import MINUTE, Instant
from service.tools.ciphers import Cipher
from web.http import tokens
from web.http.sessions import is_secure

COOKIE = "sla_note"
PURPOSE = "note"
LONGEST = 500
Kind = Literal["note", "fault"]


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    kind: Kind = "note"


def see_other(
    request: Request, place: str, text: str, cipher: Cipher, now: Instant, *, kind: Kind = "note"
) -> RedirectResponse:
    """The answer to a form: the page at `place`, where `text` stands once."""
    answer = RedirectResponse(place, 303)
    token = tokens.sealed(cipher, PURPOSE, {"text": text[:LONGEST], "kind": kind}, Instant(now + MINUTE))
    answer.set_cookie(COOKIE, token, max_age=60, path="/", secure=is_secure(request), httponly=True, samesite="strict")
    return answer


def refused(request: Request, place: str, error: SlaError, cipher: Cipher, now: Instant) -> RedirectResponse:
    """The same for a form that was refused: the page says why and is as it was."""
    return see_other(request, place, error.message, cipher, now, kind="fault")


def read(request: Request, cipher: Cipher, now: Instant) -> Note | None:
    token = request.cookies.get(COOKIE)
    content = tokens.opened(cipher, PURPOSE, token, now) if token else None
    return None if content is None else Note(**content)


def forget(response: Response, request: Request) -> None:
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path="/", secure=is_secure(request), httponly=True, samesite="strict")
