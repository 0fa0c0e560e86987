"""`GET /instances`: the list, as pages of JSON, and whole as CSV or NDJSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.http import problems
from api.http.auth import Reader, require_enterprise
from api.http.dependencies import Deps
from api.http.lists.cursors import cursor_of, place_of
from api.http.lists.exports import Shape, documented_exports, exported, preferred_shape
from api.http.negotiation import VARY
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.http.schemas import MAX_LIMIT, page
from api.v2.instances import examples
from api.v2.instances.lists.chosen_fields import chosen_fields, chosen_paths
from api.v2.instances.lists.rows import columns, row
from api.v2.instances.schemas import InstancePage, InstanceQuery
from domain.errors import InvalidValue
from domain.ids import Kind, SubjectType
from domain.instants import Instant, parse_optional
from service.dependencies import Dependencies
from service.instances.views import found_in_store
from store.instances.filters import Filters
from store.instances.instances import StoredInstance
from store.instances.order import NEXT_DUE_FIRST, Order

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
    if query.cursor is not None and query.offset:
        raise InvalidValue("offset", query.offset, "must not be given together with cursor")
    listing = _Listing(deps, owner.organization, query, preferred_shape(request))
    if listing.shape is Shape.JSON:
        response.headers.update(VARY)
        return await listing.page()
    rows = listing.rows()
    # What is refused, or cannot be read, is found out before the answer begins.
    first = await anext(rows, None)
    return exported(listing.shape, columns(listing.paths), first, rows)


class _Listing:
    """What was asked, read and checked once. Raises InvalidValue for what makes no sense."""

    def __init__(self, deps: Dependencies, organization: str, query: InstanceQuery, shape: Shape) -> None:
        self.shape = shape
        self.paths = chosen_paths(query.fields)
        self._deps, self._organization, self._query = deps, organization, query
        self._sort = query.sort or ("" if shape is Shape.JSON else EXPORTED_FIRST)
        self._order = Order.by(self._sort) if self._sort else NEXT_DUE_FIRST
        self._after = None if query.cursor is None else place_of(query.cursor, self._sort)
        self._filters, self._now = _filters(query), deps.now()

    async def page(self) -> dict[str, Any]:
        found = await self._found(self._query.limit, self._query.offset)
        shown = page([self._shown(one) for one in found.instances], found.total, self._query.limit, self._query.offset)
        return {**shown, "next_cursor": None if found.last is None else cursor_of(self._sort, found.last)}

    async def rows(self) -> AsyncIterator[dict[str, Any]]:
        """All that match, or as many as a limit says, in one shape each."""
        limited = "limit" in self._query.model_fields_set
        size, offset = self._query.limit if limited else MAX_LIMIT, self._query.offset
        while True:
            found = await self._found(size, offset)
            for one in found.instances:
                shown = self._shown(one)
                yield row(shown, shown.get("fields", {})) if self.shape is Shape.CSV else shown
            if found.last is None or limited:
                return
            self._after, offset = found.last, 0

    async def _found(self, limit: int, offset: int) -> Any:
        return await self._deps.store.instances.page(
            self._organization,
            limit=limit,
            offset=offset,
            order=self._order,
            after=self._after,
            as_of=self._now,
            **self._filters,
        )

    def _shown(self, stored: StoredInstance) -> dict[str, Any]:
        # The status that the list was narrowed by, whatever a view of the same moment would make of the plan.
        view = {**found_in_store(stored).view(self._now), "status": stored.status.value}
        fields = view.pop("fields")
        return {**view, "fields": chosen_fields(fields, self.paths)} if self.paths else view


def _filters(query: InstanceQuery) -> Filters:
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
