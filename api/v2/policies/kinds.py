"""The kind of policy that a request is about. Both kinds have the same routes; those of OLA begin with `/ola`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request

from api.http.auth import require_enterprise
from domain.ids import Kind

PREFIXES = {Kind.SLA: "", Kind.OLA: "/ola"}


async def serve_sla(request: Request) -> None:
    request.state.kind = Kind.SLA


async def serve_ola(request: Request) -> None:
    require_enterprise(request.state.owner, "An internal commitment (OLA)")
    request.state.kind = Kind.OLA


async def kind_of_route(request: Request) -> Kind:
    kind: Kind = request.state.kind
    return kind


KindOfRoute = Annotated[Kind, Depends(kind_of_route)]


def for_both_kinds(**parts: APIRouter) -> APIRouter:
    """The routes of each part, once for each kind. The names of the parts become the tags."""
    both = APIRouter()
    for kind, serve in ((Kind.SLA, serve_sla), (Kind.OLA, serve_ola)):
        for name, part in parts.items():
            tag = name.capitalize() if kind is Kind.SLA else f"{kind.upper()} {name}"
            both.include_router(part, prefix=PREFIXES[kind], tags=[tag], dependencies=[Depends(serve)])
    return both
