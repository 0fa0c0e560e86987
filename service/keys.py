"""API keys that a key makes: none may do more than the one that makes it."""

from __future__ import annotations

from collections.abc import Sequence

from domain.access.scopes import require_scopes
from domain.errors import InvalidValue
from service.dependencies import Dependencies
from store.access.keys import KeyOwner, StoredKey


async def new_key(deps: Dependencies, owner: KeyOwner, name: str, scopes: Sequence[str]) -> tuple[StoredKey, str]:
    """The new key, and its text, which is kept nowhere. Raises InvalidValue."""
    require_scopes(list(scopes))
    for index, scope in enumerate(scopes):
        if scope not in owner.scopes:
            raise InvalidValue(f"scopes[{index}]", scope, "cannot be granted by a key that does not have it itself")
    return await deps.store.keys.create(owner.organization, name, scopes)
