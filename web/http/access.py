"""Who asks: the session's key is looked up with every request, so that a revoked one is signed out at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from domain.access.scopes import ADMIN, READ, WRITE
from domain.access.subscriptions import Subscription
from domain.errors import Forbidden, PlanRequired, Unauthorized
from service.dependencies import Dependencies
from store.access.keys import KeyOwner
from store.access.organizations import Organization
from web.http import sessions
from web.http.sessions import Session


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever is signed in, for which organization, and what may be done. `home` is who visits a demo, None at home."""

    owner: KeyOwner
    organization: Organization
    session: Session
    home: KeyOwner | None = None

    @property
    def csrf(self) -> str:
        return self.session.csrf

    @property
    def zone(self) -> str:
        """The IANA name of the zone in which the organization reads times."""
        return self.organization.timezone

    @property
    def actor(self) -> str:
        """Who did it, in the record: the key, as over REST."""
        return self.owner.id

    @property
    def may_run_demos(self) -> bool:
        """Whether demos are made and taken away: by whoever administers the organization that they belong to."""
        return ADMIN in (self.home or self.owner).scopes

    @property
    def may_read(self) -> bool:
        return READ in self.owner.scopes

    @property
    def may_write(self) -> bool:
        return WRITE in self.owner.scopes

    @property
    def may_administer(self) -> bool:
        return ADMIN in self.owner.scopes

    @property
    def has_enterprise(self) -> bool:
        return self.owner.subscription.covers(Subscription.ENTERPRISE)

    def require(self, scope: str) -> None:
        """Raises Forbidden."""
        if scope not in self.owner.scopes:
            raise Forbidden(f"This API key does not have the scope {scope}.", field="scope", value=scope)

    def require_enterprise(self, what: str) -> None:
        """Raises PlanRequired; `what` begins its sentence."""
        if not self.has_enterprise:
            plan = self.owner.subscription
            raise PlanRequired(f"{what} needs the plan enterprise; this organization has the plan {plan}.")


async def dependencies_of(request: Request) -> Dependencies:
    dependencies: Dependencies = request.app.state.dependencies()
    return dependencies


async def signed_in(request: Request) -> Visitor | None:
    """None without a session, or where its key or organization is gone. Raises StoreUnavailable."""
    deps = await dependencies_of(request)
    session = sessions.read(request, deps.cipher, deps.now())
    if session is None:
        return None
    home = None
    if session.home_key_id:
        home = await deps.store.keys.owner(session.home_organization, session.home_key_id)
        if home is None:
            return None
    found = await deps.store.keys.visitor(session.organization, session.key_id)
    if found is None and home is not None:
        # The demo was taken away meanwhile.
        session, home = session.back(), None
        found = await deps.store.keys.visitor(session.organization, session.key_id)
    if found is None:
        return None
    visitor = Visitor(*found, session, home)
    request.state.visitor = visitor
    return visitor


async def visiting(request: Request) -> Visitor:
    """Raises Unauthorized, which becomes the way to the sign-in."""
    known: Visitor | None = getattr(request.state, "visitor", None)
    visitor = known or await signed_in(request)
    if visitor is None:
        raise Unauthorized("Sign in first.")
    return visitor


async def reading(request: Request) -> Visitor:
    visitor = await visiting(request)
    visitor.require(READ)
    return visitor


async def writing(request: Request) -> Visitor:
    visitor = await visiting(request)
    visitor.require(WRITE)
    return visitor


async def administering(request: Request) -> Visitor:
    visitor = await visiting(request)
    visitor.require(ADMIN)
    return visitor


Deps = Annotated[Dependencies, Depends(dependencies_of)]
Reader = Annotated[Visitor, Depends(reading)]
Writer = Annotated[Visitor, Depends(writing)]
Admin = Annotated[Visitor, Depends(administering)]
