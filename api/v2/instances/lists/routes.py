"""`GET /instances`: the list, as pages of JSON, and whole as CSV or NDJSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.http import problems
from api.http.auth import Reader, require_enterprise
from api.http.dependencies import Deps
from api.http.lists.exports import Shape, documented_exports
from api.http.lists.listing import Asked, Chunk, Listing
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.v2.instances import examples
from api.v2.instances.lists.chosen_fields import chosen_fields, chosen_paths
from api.v2.instances.lists.rows import columns, row
from api.v2.instances.lists.schemas import InstancePage, InstanceQuery
from domain.errors import InvalidValue
from domain.ids import Kind, SubjectType
from domain.instants import Instant, parse_optional
from service.dependencies import Dependencies
from service.dimensions import asked_dimensions
from service.instances.reading.views import found_in_store
from store.instances.filters import Filters
from store.instances.instances import StoredInstance
from store.instances.order import NEXT_DUE_FIRST, Order
from store.lists.keys import Place

router = APIRouter(prefix=f"{V2}/instances", tags=["Instances"], route_class=JsonRoute)
EXPORTED_FIRST = "opened_at"
"""The order of an export that names none: nothing that happens meanwhile moves an instance in it."""


@router.get(
    "",
    response_model=InstancePage,
    response_model_exclude_unset=True,
    responses={
        200: documented_exports(columns(()), row(examples.LISTED, {})),
        **problems.documented(401, 403, 422, 503),
    },
    summary="List instances, next due first",
)
async def list_instances(
    query: Annotated[InstanceQuery, Query()], owner: Reader, deps: Deps, request: Request, response: Response
) -> Any:
    """Read from the store, which follows the workflows within a second. A status is as of now, both in the filter and
    in what is shown: an instance whose due has passed is `breached` from that very instant on.

    As CSV or NDJSON the list is whole unless a `limit` is given; without a `sort` it is in the order of opening then.
    """
    if Kind.OLA in (query.kind or ()):
        require_enterprise(owner, "An instance of kind ola")
    asked = Asked.of(request, query.limit, query.offset, query.cursor)
    dimensions = await asked_dimensions(deps, owner.organization, query.field)
    return await _listing(deps, owner.organization, query, asked.shape, dimensions).answer(asked, response)


def _listing(
    deps: Dependencies, organization: str, query: InstanceQuery, shape: Shape, dimensions: Mapping[str, list[str]]
) -> Listing:
    """Raises InvalidValue for what makes no sense."""
    paths = chosen_paths(query.fields)
    sort = query.sort or ("" if shape is Shape.JSON else EXPORTED_FIRST)
    order = Order.by(sort) if sort else NEXT_DUE_FIRST
    filters, now = _filters(query, dimensions), deps.now()

    async def read(limit: int, offset: int, after: Place | None) -> Chunk:
        found = await deps.store.instances.page(
            organization, limit=limit, offset=offset, order=order, after=after, as_of=now, **filters
        )
        return Chunk([_shown(one, now, paths) for one in found.rows], found.total, found.last)

    return Listing(columns(paths), read, sort, lambda shown: row(shown, shown.get("fields", {})))


def _shown(stored: StoredInstance, now: Instant, paths: Sequence[str]) -> dict[str, Any]:
    # The status that the list was narrowed by, whatever a view of the same moment would make of the plan.
    view = {**found_in_store(stored).view(now), "status": stored.status.value}
    fields = view.pop("fields")
    return {**view, "fields": chosen_fields(fields, paths)} if paths else view


def _filters(query: InstanceQuery, dimensions: Mapping[str, list[str]]) -> Filters:
    subject_type, subject = _subject(query.conversation_id, query.ticket_id, query.incident_id)
    due_after, due_before = _range("due", query.due_after, query.due_before)
    opened_after, opened_before = _range("opened", query.opened_after, query.opened_before)
    return Filters(
        status=query.status,
        policy_id=query.policy_id,
        priority=query.priority,
        subject_type=subject_type,
        subject=subject,
        kind=query.kind,
        policy_name=query.policy_name,
        team_id=query.team_id,
        assignee=query.assignee,
        at_risk=query.at_risk,
        is_overdue=query.is_overdue,
        excused=query.excused,
        due_after=due_after,
        due_before=due_before,
        opened_after=opened_after,
        opened_before=opened_before,
        search=query.q,
        url=query.url,
        dimensions=dimensions or None,
    )


def _range(name: str, after: str | None, before: str | None) -> tuple[Instant | None, Instant | None]:
    """Raises InvalidValue for a malformed instant, or when no instant lies between the two."""
    start, end = parse_optional(after, f"{name}_after"), parse_optional(before, f"{name}_before")
    if start is not None and end is not None and start >= end:
        raise InvalidValue(f"{name}_before", before, f"must be later than {name}_after")
    return start, end


def _subject(*subjects: list[str] | None) -> tuple[SubjectType | None, list[str] | None]:
    types = (SubjectType.CONVERSATION, SubjectType.TICKET, SubjectType.INCIDENT)
    given = [(kind, subject) for kind, subject in zip(types, subjects, strict=True) if subject is not None]
    if len(given) > 1:
        raise InvalidValue(f"{given[1][0]}_id", given[1][1], f"must not be given together with {given[0][0]}_id")
    return given[0] if given else (None, None)
