"""Changing a policy that others may be changing too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from api.dependencies import Dependencies
from api.instances import FIRST_ROW_SECONDS
from api.requests import MAX_BODY_BYTES
from domain.errors import Conflict, InvalidValue, NotFound, Outdated, StoreUnavailable
from domain.ids import Kind
from domain.policies import Policy
from store.keys import KeyOwner
from store.policies import StoredPolicy

KIND = Kind.SLA
# Changes at the same moment are merged; each round lets one of them through.
ATTEMPTS = 10


async def find_policy(deps: Dependencies, organization: str, policy_id: str) -> StoredPolicy:
    """Archived ones too. Raises NotFound."""
    stored = await deps.store.policies.get(organization, policy_id, include_archived=True)
    if stored.policy.kind is not KIND:
        raise NotFound(f"There is no policy {policy_id}.", field="policy_id", value=policy_id)
    return stored


async def revise(
    deps: Dependencies, owner: KeyOwner, policy_id: str, change: Callable[[Policy], Policy]
) -> StoredPolicy:
    """A new version, unless nothing changes. Raises Conflict for an archived policy, and what `change` raises."""
    for _ in range(ATTEMPTS - 1):
        with suppress(Outdated):
            return await _revise(deps, owner, policy_id, change)
    return await _revise(deps, owner, policy_id, change)


async def settle_first_rows(deps: Dependencies) -> None:
    """Waits until the store counts what this process has opened. Raises StoreUnavailable when it takes too long."""
    if not deps.background:
        return
    _, writing = await asyncio.wait(deps.background, timeout=FIRST_ROW_SECONDS)
    if writing:
        raise StoreUnavailable("instances that have been opened are not in the store yet")


@contextmanager
def fields_of(name: str) -> Iterator[None]:
    """Names culprits as they stand in a body that holds nothing but this part of a policy."""
    try:
        yield
    except InvalidValue as error:
        field = (error.field or "body").removeprefix(f"{name}.")
        raise InvalidValue(field, error.value, error.reason) from None


async def _revise(
    deps: Dependencies, owner: KeyOwner, policy_id: str, change: Callable[[Policy], Policy]
) -> StoredPolicy:
    stored = await find_policy(deps, owner.organization, policy_id)
    if stored.archived_at is not None:
        raise Conflict(f"policy {policy_id} is archived", field="policy_id", value=policy_id)
    changed = change(stored.policy)
    before, after = _text(stored.policy), _text(changed)
    if before == after:
        return stored
    if len(after) > max(len(before), MAX_BODY_BYTES):
        # It is part of every snapshot taken under it.
        raise Conflict(f"policy {policy_id} would be more than {MAX_BODY_BYTES // 1024} KiB long")
    edited = replace(changed, version=stored.policy.version)
    return await deps.store.policies.update(owner.organization, edited, changed_by=owner.id)


def _text(policy: Policy) -> str:
    # As text, because 1, 1.0 and true are equal to Python and not to those who compare with them.
    return json.dumps(policy.to_json(), sort_keys=True)
