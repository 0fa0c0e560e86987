"""Entity tags of things that count their changes, and `If-Match` on a change of one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header
from starlette.requests import Request

from api.http.entity_tags import EntityTags, parse_tags
from domain.errors import PreconditionFailed

EXAMPLE = '"con_3q2-7wAbCdEfGhIj.3"'
TAGGED: dict[str, Any] = {
    "headers": {
        "ETag": {
            "description": "The version; send it in `If-Match` to change this version and no other.",
            "schema": {"type": "string", "examples": [EXAMPLE]},
        }
    }
}
NOT_MODIFIED: dict[str, Any] = {"description": "`If-None-Match` names the present version.", **TAGGED}

_IF_MATCH = "Change only a version with one of these tags (`*`: any); else 412. A weak tag names none."
_IF_NONE_MATCH = "Answer 304 when the present version has one of these tags."


def tag_of(id_: str, version: int) -> str:
    return f'"{id_}.{version}"'


def require_match(wanted: EntityTags | None, id_: str, version: int) -> None:
    """Raises PreconditionFailed, with the present tag, where `wanted` does not name it."""
    tag = tag_of(id_, version)
    if wanted is not None and not wanted.match_strongly(tag):
        reason = f"If-Match does not name the present version of {id_}, which is {tag}"
        raise PreconditionFailed(reason, field="If-Match", value=tag)


async def _if_match(
    request: Request,
    _: Annotated[str | None, Header(alias="If-Match", description=_IF_MATCH, examples=[EXAMPLE])] = None,
) -> EntityTags | None:
    return parse_tags(request.headers.getlist("If-Match"), "If-Match")


async def _if_none_match(
    request: Request,
    _: Annotated[str | None, Header(alias="If-None-Match", description=_IF_NONE_MATCH, examples=[EXAMPLE])] = None,
) -> EntityTags | None:
    return parse_tags(request.headers.getlist("If-None-Match"), "If-None-Match")


IfMatch = Annotated[EntityTags | None, Depends(_if_match)]
IfNoneMatch = Annotated[EntityTags | None, Depends(_if_none_match)]
