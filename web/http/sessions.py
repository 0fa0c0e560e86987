"""A session: who has signed in, in a cookie that only this engine can make."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from domain.instants import SECOND, Instant
from service.ciphers import Cipher
from web.http import tokens

COOKIE = "sla_session"
PURPOSE = "session"
SECONDS = 12 * 3600
"""A session ends so long after the sign-in, whatever was done meanwhile."""


@dataclass(frozen=True, slots=True)
class Session:
    """`csrf` is what every form of the session brings back."""

    organization: str
    key_id: str
    csrf: str


def begun(organization: str, key_id: str) -> Session:
    return Session(organization, key_id, secrets.token_urlsafe(24))


def keep(response: Response, request: Request, session: Session, cipher: Cipher, now: Instant) -> None:
    """Raises SecretsUnreadable where the engine has no key to seal it with."""
    content = {"organization": session.organization, "key_id": session.key_id, "csrf": session.csrf}
    token = tokens.sealed(cipher, PURPOSE, content, Instant(now + SECONDS * SECOND))
    response.set_cookie(
        COOKIE, token, max_age=SECONDS, path="/", secure=is_secure(request), httponly=True, samesite="strict"
    )


def read(request: Request, cipher: Cipher, now: Instant) -> Session | None:
    """None without a cookie, and for one that is not ours or has expired."""
    token = request.cookies.get(COOKIE)
    content = tokens.opened(cipher, PURPOSE, token, now) if token else None
    return None if content is None else Session(**content)


def end(response: Response, request: Request) -> None:
    response.delete_cookie(COOKIE, path="/", secure=is_secure(request), httponly=True, samesite="strict")


def is_secure(request: Request) -> bool:
    """Whether the browser came by TLS; a proxy that ends it says so."""
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return "https" in (request.url.scheme, forwarded)
