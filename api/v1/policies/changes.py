"""Changing and deleting Scrubbe's policies. A policy of the API v2 or a deleted one does not exist for this API."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from api.http.auth import Writer
from api.http.dependencies import Deps
from api.v2.policies.tags import IfMatch, require_match
from domain.errors import NotFound
from domain.ids import Kind
from domain.ticket.origins import Origin
from service.dependencies import Dependencies
from service.policies.editing import Editor
from store.rules.policies import StoredPolicy


@dataclass(frozen=True, slots=True)
class OwnEditor(Editor):
    async def find(self, policy_id: str) -> StoredPolicy:
        stored = await find_policy(self.deps, self.owner.organization, policy_id)
        self.require_meant(stored)
        return stored


async def editor(owner: Writer, deps: Deps, wanted: IfMatch) -> Editor:
    return OwnEditor(deps, owner, Kind.SLA, lambda stored: require_match(wanted, stored), Origin.V1)


Edit = Annotated[Editor, Depends(editor)]


async def find_policy(deps: Dependencies, organization: str, policy_id: str) -> StoredPolicy:
    """Raises NotFound."""
    with suppress(NotFound):
        stored = await deps.store.policies.get(organization, policy_id)
        if stored.policy.origin is Origin.V1:
            return stored
    raise NotFound(f"policy {policy_id!r} does not exist", field="policyId", value=policy_id)
