"""A session: who has signed in, in a cookie that only this engine can make."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from domain.instants import SECOND, Instant
from service.tools.ciphers import Cipher
from web.http import tokens

COOKIE = "sla_session"
PURPOSE = "session"
SECONDS = 12 * 3600
"""A session ends so long after the sign-in, whatever was done meanwhile."""


@dataclass(frozen=True, slots=True)
class Session:
    """`csrf` is what every form of the session brings back. A session that visits a demo has the organization and the
    key that it goes back to. `until` is None before it is kept."""

    organization: str
    key_id: str
    csrf: str
    home_organization: str = ""
    home_key_id: str = ""
    until: Instant | None = None

    def visiting(self, organization: str, key_id: str) -> Session:
        """The same session at a demo; it ends no later."""
        home_organization, home_key_id = self.home_organization or self.organization, self.home_key_id or self.key_id
        return Session(organization, key_id, self.csrf, home_organization, home_key_id, self.until)

    def back(self) -> Session:
        """The same session at home."""
        home = (self.home_organization, self.home_key_id) if self.home_key_id else (self.organization, self.key_id)
        return Session(*home, self.csrf, until=self.until)


def begun(organization: str, key_id: str) -> Session:
    return Session(organization, key_id, secrets.token_urlsafe(24))


def keep(response: Response, request: Request, session: Session, cipher: Cipher, now: Instant) -> None:
    """Raises SecretsUnreadable where the engine has no key to seal it with."""
    until = session.until or Instant(now + SECONDS * SECOND)
    token = tokens.sealed(cipher, PURPOSE, asdict(replace(session, until=until)), until)
    seconds = max(0, (until - now) // SECOND)
    response.set_cookie(
        cookie_name(request),
        token,
        max_age=seconds,
        path="/",
        secure=is_secure(request),
        httponly=True,
        samesite="strict",
    )


def read(request: Request, cipher: Cipher, now: Instant) -> Session | None:
    """None without a cookie, and for one that is not ours or has expired."""
    token = request.cookies.get(cookie_name(request))
    content = tokens.opened(cipher, PURPOSE, token, now) if token else None
    return None if content is None else Session(**content)


def end(response: Response, request: Request) -> None:
    response.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="strict")


def is_secure(request: Request) -> bool:
    """Whether the browser came by TLS: a proxy that ends it says so, or `SLA_PUBLIC_URL` does."""
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    public: str = request.app.state.dependencies().public_url
    return "https" in (request.scope["scheme"], forwarded) or public.startswith("https:")


def cookie_name(request: Request) -> str:
    """Behind TLS one that browsers take from this host alone: a sibling of its domain cannot plant a session."""
    return f"__Host-{COOKIE}" if is_secure(request) else COOKIE
