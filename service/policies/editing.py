"""Changing a policy while others may change it, too."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from domain.errors import Conflict, NotFound
from domain.ids import Kind
from domain.policy.policies import Policy
from domain.ticket.origins import Origin
from service.dependencies import Dependencies
from service.instances.open_ticket import settle_claims
from service.policies.ids import chosen_in, with_ids
from service.tools.concurrency import with_retries
from service.tools.documents import MAX_BYTES
from store.access.keys import KeyOwner
from store.rules.policies import Part, StoredPolicy

Change = Callable[[Policy], Policy]


@dataclass(frozen=True, slots=True)
class Editor:
    """Changes policies of one kind for the owner of the key, as long as the present version is the one that is meant.

    Raises NotFound, what `require_meant` raises for another version, Conflict for an archived policy, and Conflict for
    archiving a policy that was made through another API than `origin`.
    """

    deps: Dependencies
    owner: KeyOwner
    kind: Kind
    require_meant: Callable[[StoredPolicy], None] = lambda stored: None
    origin: Origin = Origin.V2

    async def holder(self, part: Part, part_id: str) -> str:
        """The id of the policy that has this target or escalation."""
        found = await self.deps.store.policies.holding(self.owner.organization, self.kind, part, part_id)
        return found.policy.id

    async def revise(self, policy_id: str, change: Change, chosen: Collection[str] = ()) -> StoredPolicy:
        """Makes a new version, unless nothing changes. Raises what `change` raises, and Conflict when a chosen id is
        taken."""
        return await with_retries(lambda: self._revise(policy_id, change, chosen))

    async def take_back(self, policy_id: str, earlier: Policy) -> StoredPolicy:
        """Makes a new version that says what an earlier one of the policy said. Raises as `revise` does, also where a
        part that it had is another policy's by now."""
        present = (await self.find(policy_id)).policy
        return await self.revise(
            policy_id,
            lambda policy: replace(earlier, version=policy.version),
            _parts(earlier) - _parts(present),
        )

    async def archive(self, policy_id: str) -> None:
        """Archives the policy; doing it again changes nothing. Raises Conflict while instances of the policy are
        open."""
        await with_retries(lambda: self._archive(policy_id))

    async def _revise(self, policy_id: str, change: Change, chosen: Collection[str]) -> StoredPolicy:
        stored = await self.find(policy_id)
        if stored.archived_at is not None:
            raise Conflict(f"policy {policy_id} is archived", field="policy_id", value=policy_id)
        changed = change(stored.policy)
        before, after = _text(stored.policy), _text(changed)
        if before == after:
            return stored
        if len(after) > max(len(before), MAX_BYTES):
            # It is part of every snapshot taken under it.
            raise Conflict(f"policy {policy_id} would be more than {MAX_BYTES // 1024} KiB long")
        edited = replace(changed, version=stored.policy.version)
        return await self.deps.store.policies.update(self.owner.organization, edited, self.owner.id, chosen)

    async def _archive(self, policy_id: str) -> None:
        stored = await self.find(policy_id)
        require_own(stored.policy, self.origin)
        if stored.archived_at is None:
            await settle_claims(self.deps, self.owner.organization, policy_id)
            version = stored.policy.version
            await self.deps.store.policies.archive(self.owner.organization, policy_id, self.owner.id, version)

    async def find(self, policy_id: str) -> StoredPolicy:
        stored = await find_policy(self.deps, self.owner.organization, self.kind, policy_id)
        # The store takes a change of this very version only, so what is wanted here is what is changed there.
        self.require_meant(stored)
        return stored


async def create_policy(deps: Dependencies, owner: KeyOwner, kind: Kind, given: Mapping[str, Any]) -> StoredPolicy:
    """A new policy behind all others, from a document whose ids may be left out.

    Raises InvalidValue, and Conflict where an id that the document chooses is taken.
    """
    policy = Policy.from_json({**with_ids(given, kind), "kind": kind.value})
    return await deps.store.policies.create(owner.organization, policy, owner.id, chosen_in(given))


async def find_policy(deps: Dependencies, organization: str, kind: Kind, policy_id: str) -> StoredPolicy:
    """The policy, also an archived one. Raises NotFound, also for a policy of the other kind."""
    stored = await deps.store.policies.get(organization, policy_id, include_archived=True)
    if stored.policy.kind is not kind:
        raise NotFound(f"policy {policy_id!r} does not exist", field="policy_id", value=policy_id)
    return stored


def require_own(policy: Policy, origin: Origin = Origin.V2) -> None:
    """Raises Conflict for a policy that was made through another API."""
    if policy.origin is not origin:
        reason = (
            f"policy {policy.id} belongs to the API {policy.origin}; its targets are changed and it is deleted there"
        )
        raise Conflict(reason, field="policy_id", value=policy.id)


def _parts(policy: Policy) -> frozenset[str]:
    return chosen_in(policy.to_json())


def _text(policy: Policy) -> str:
    # As text, because 1, 1.0 and true are equal to Python and not to those who compare with them.
    return json.dumps(policy.to_json(), sort_keys=True)
