"""The entity tag of a policy. Every version has a tag of its own, and every view of a version has the same tag."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from api.http import versions
from api.http.entity_tags import EntityTags
from store.rules.policies import StoredPolicy

POLICIES = versions.Versions("The version of the policy", '"sla_abc123.3"')
TAGGED = POLICIES.tagged

IfMatch = Annotated[EntityTags | None, Depends(POLICIES.if_match())]
IfNoneMatch = Annotated[EntityTags | None, Depends(POLICIES.if_none_match())]


def tag_of(stored: StoredPolicy) -> str:
    return versions.tag_of(stored.policy.id, stored.policy.version)


def require_match(wanted: EntityTags | None, stored: StoredPolicy) -> None:
    """Raises PreconditionFailed, with the present tag of the policy, where `wanted` does not name it."""
    versions.require_match(wanted, stored.policy.id, stored.policy.version, "policy")
