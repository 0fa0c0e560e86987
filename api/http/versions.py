"""Entity tags of things that count their changes, and `If-Match` on a change of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import Response

from api.http.entity_tags import EntityTags, parse_tags
from domain.errors import PreconditionFailed

_IF_MATCH = "Change only a version with one of these tags (`*`: any); else 412. A weak tag names none."
_IF_NONE_MATCH = "Answer 304 when the present version has one of these tags."

ReadTags = Callable[..., Awaitable[EntityTags | None]]


@dataclass(frozen=True, slots=True)
class Versions:
    """What OpenAPI says of the tags of one kind of thing. `what` is what a tag stands for, `example` is one."""

    what: str
    example: str

    @property
    def tagged(self) -> dict[str, Any]:
        """The entry of an answer that bears a tag."""
        tag = {
            "description": f"{self.what}; send it in `If-Match` to change this version and no other.",
            "schema": {"type": "string", "examples": [self.example]},
        }
        return {"headers": {"ETag": tag}}

    @property
    def not_modified(self) -> dict[str, Any]:
        """The entry of a 304."""
        return {"description": "`If-None-Match` names the present version.", **self.tagged}

    def if_match(self) -> ReadTags:
        """The dependency that reads the header. It raises InvalidValue for what is no list of tags."""
        return self._reading("If-Match", _IF_MATCH)

    def if_none_match(self) -> ReadTags:
        """As `if_match`."""
        return self._reading("If-None-Match", _IF_NONE_MATCH)

    def _reading(self, name: str, description: str) -> ReadTags:
        shown = Header(None, alias=name, description=description, examples=[self.example])

        async def read(request: Request, _: str | None = shown) -> EntityTags | None:
            return parse_tags(request.headers.getlist(name), name)

        return read


COUNTED = Versions("The version", '"con_3q2-7wAbCdEfGhIj.3"')
IfMatch = Annotated[EntityTags | None, Depends(COUNTED.if_match())]
IfNoneMatch = Annotated[EntityTags | None, Depends(COUNTED.if_none_match())]


def tag_of(id_: str, version: int) -> str:
    return f'"{id_}.{version}"'


def require_match(wanted: EntityTags | None, id_: str, version: int, kind: str = "") -> None:
    """Raises PreconditionFailed, with the present tag, where `wanted` does not name it."""
    tag = tag_of(id_, version)
    if wanted is not None and not wanted.match_strongly(tag):
        reason = f"If-Match does not name the present version of {f'{kind} {id_}'.strip()}, which is {tag}"
        raise PreconditionFailed(reason, field="If-Match", value=tag)


def unmodified(known: EntityTags | None, tag: str) -> Response | None:
    """The 304 for one who knows the version with this tag; else None."""
    if known is None or not known.match_weakly(tag):
        return None
    return Response(status_code=304, headers={"ETag": tag})
