"""What is recorded of an instance, for requests: where the store has nothing yet, Temporal says whether it will."""

from __future__ import annotations

from functools import partial

from domain.errors import Unavailable
from domain.explaining import Explanation, RecordedHistory
from domain.instants import Instant
from service.dependencies import Dependencies
from service.instances.reading import explaining
from service.instances.reading.views import find_instance, require_instance_id


async def find_history(deps: Dependencies, organization: str, instance_id: str) -> RecordedHistory:
    """Raises NotFound for an instance that there is not, Unavailable while its opening is not recorded."""
    require_instance_id(instance_id)
    history = await explaining.recorded_history(deps.store, organization, instance_id)
    if history is None:
        # Raises NotFound for what is not on its way into the store either.
        await find_instance(deps, organization, instance_id)
        raise Unavailable("The instance has been started and its opening is not recorded yet; try again.")
    return history


async def find_history_as_of(
    deps: Dependencies, organization: str, instance_id: str, as_of: str | None
) -> tuple[RecordedHistory, Instant]:
    """See `explaining.history_as_of`. Raises as it and `find_history` do."""
    find = partial(find_history, deps, organization, instance_id)
    return await explaining.history_as_of(find, instance_id, as_of, deps.now)


async def explain_instance(
    deps: Dependencies, organization: str, instance_id: str, as_of: str | None, segments: int
) -> Explanation:
    """See `explaining.explain_instance`. Raises as `find_history_as_of` does."""
    find = partial(find_history, deps, organization, instance_id)
    return await explaining.explain_instance(find, instance_id, as_of, segments, deps.now)
