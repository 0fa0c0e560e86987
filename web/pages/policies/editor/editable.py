"""Which policies are changed here, and of which version. Pure."""

from __future__ import annotations

from domain.errors import Conflict, PreconditionFailed
from domain.ticket.origins import Origin
from store.rules.policies import StoredPolicy


def is_editable(stored: StoredPolicy) -> bool:
    return stored.archived_at is None and stored.policy.origin is Origin.V2


def require_editable(stored: StoredPolicy) -> None:
    """Raises Conflict."""
    if stored.policy.origin is not Origin.V2:
        raise Conflict(f"policy {stored.policy.id} belongs to the API {stored.policy.origin} and is changed there")
    if stored.archived_at is not None:
        raise Conflict(f"policy {stored.policy.id} is archived")


def require_version(present: StoredPolicy, edited: str) -> None:
    """Raises PreconditionFailed where somebody has made another version than the one that a form says it began from."""
    if edited and edited != str(present.policy.version):
        reason = (
            f"Somebody has changed this policy since version {edited}, which you edited; its versions say what. "
            "Save again to replace it with what stands here."
        )
        raise PreconditionFailed(reason, field="version", value=edited)
