"""`GET /`: what is there, for whoever has nothing but the address; no key needed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.http.openapi.operations import operation_id
from api.http.prefixes import V1, V2

NAME = "Slakeeper"

router = APIRouter(tags=["Health"], generate_unique_id_function=operation_id)


class IndexLinks(BaseModel):
    """Paths on the same host."""

    docs: str = Field(description="A page to read and try everything.", examples=["/docs"])
    openapi: str = Field(description="The description of all routes, for machines.", examples=["/openapi.json"])
    v2: str = Field(description="Where the API in Aurion's shapes begins; needs a key.", examples=[V2])
    v1: str = Field(description="Where the API in Scrubbe's shapes begins; needs a key.", examples=[V1])
    healthz: str = Field(description="Whether the process answers.", examples=["/healthz"])
    readyz: str = Field(description="Whether the engine does what it promises.", examples=["/readyz"])


class Index(BaseModel):
    name: str = Field(examples=[NAME])
    version: str = Field(examples=["0.1.0"])
    links: IndexLinks


@router.get("/", summary="What is there")
async def get_index(request: Request) -> Index:
    root = request.scope.get("root_path", "")
    links = IndexLinks(
        docs=f"{root}/docs",
        openapi=f"{root}/openapi.json",
        v2=f"{root}{V2}",
        v1=f"{root}{V1}",
        healthz=f"{root}/healthz",
        readyz=f"{root}/readyz",
    )
    return Index(name=NAME, version=version(), links=links)


def version() -> str:
    """Of the installed package; `0` where it runs from a folder that nobody installed."""
    try:
        return installed_version("slakeeper")
    except PackageNotFoundError:
        return "0"
