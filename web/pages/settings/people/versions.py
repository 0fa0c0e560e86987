"""A form is for the version that it showed."""

from __future__ import annotations

from domain.errors import PreconditionFailed


def required(typed: str, present: int) -> None:
    """Raises PreconditionFailed where somebody else has saved meanwhile."""
    if typed and typed != str(present):
        said = f"Somebody else saved version {present} meanwhile"
        reason = f"{said}: load the page to see it, or save again to replace it."
        raise PreconditionFailed(reason, field="version", value=str(present))
