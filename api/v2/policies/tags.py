"""The entity tag of a policy. Every version has a tag of its own, and every view of a version has the same tag."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header
from starlette.requests import Request

from api.http.entity_tags import EntityTags, parse_tags
from domain.errors import PreconditionFailed
from store.rules.policies import StoredPolicy

EXAMPLE = '"sla_abc123.3"'
TAGGED: dict[str, Any] = {
    "headers": {
        "ETag": {
            "description": "The version of the policy; send it in `If-Match` to change this version and no other.",
            "schema": {"type": "string", "examples": [EXAMPLE]},
        }
    }
}
NOT_MODIFIED: dict[str, Any] = {"description": "`If-None-Match` names the present version.", **TAGGED}

_IF_MATCH = "Change only a version with one of these tags (`*`: any); else 412. A weak tag names none."
_IF_NONE_MATCH = "Answer 304 when the present version has one of these tags."


def tag_of(stored: StoredPolicy) -> str:
    return f'"{stored.policy.id}.{stored.policy.version}"'


def require_match(wanted: EntityTags | None, stored: StoredPolicy) -> None:
    """Raises PreconditionFailed, with the present tag of the policy, where `wanted` does not name it."""
    tag = tag_of(stored)
    if wanted is not None and not wanted.match_strongly(tag):
        reason = f"If-Match does not name the present version of policy {stored.policy.id}, which is {tag}"
        raise PreconditionFailed(reason, field="If-Match", value=tag)


async def if_match(
    request: Request,
    _: Annotated[str | None, Header(alias="If-Match", description=_IF_MATCH, examples=[EXAMPLE])] = None,
) -> EntityTags | None:
    return parse_tags(request.headers.getlist("If-Match"), "If-Match")


async def if_none_match(
    request: Request,
    _: Annotated[str | None, Header(alias="If-None-Match", description=_IF_NONE_MATCH, examples=[EXAMPLE])] = None,
) -> EntityTags | None:
    return parse_tags(request.headers.getlist("If-None-Match"), "If-None-Match")


IfMatch = Annotated[EntityTags | None, Depends(if_match)]
IfNoneMatch = Annotated[EntityTags | None, Depends(if_none_match)]
