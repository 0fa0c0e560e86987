"""`/on-call`: create, list, get, change, delete, and who is on call when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from api.http import problems
from api.http.auth import Reader, Writer
from api.http.dependencies import Deps
from api.http.lists.collections import Collection
from api.http.lists.listing import Asked
from api.http.lists.tables import asking
from api.http.prefixes import V2
from api.http.requests import JsonRoute
from api.http.versions import COUNTED, IfMatch, IfNoneMatch, require_match, tag_of, unmodified
from api.v2.on_call.schemas import (
    SHOWN,
    AtOfQuestion,
    DaysOfSchedule,
    OnCallAtView,
    OnCallBody,
    OnCallId,
    OnCallPage,
    OnCallPatch,
    OnCallView,
    ScheduleView,
    StartOfSchedule,
)
from domain.errors import InvalidValue
from domain.instants import DAY, Instant, parse, render, render_optional
from domain.people.contacts import Contact
from domain.people.local import midnight
from domain.people.on_call import MOST_SHIFTS, Duty, Rota
from service.dependencies import Dependencies
from service.people.directories import opened
from store.database.ids import mint
from store.people.on_calls import LISTED, StoredOnCall

_LATEST = parse("2099-01-01T00:00:00Z")

router = APIRouter(prefix=f"{V2}/on-call", tags=["On-call"], route_class=JsonRoute)
_ON_CALLS: Collection[StoredOnCall] = Collection(router, "on_call_id", LISTED, OnCallView, versions=COUNTED)

_Part = Annotated[Asked, Depends(asking(LISTED))]


@_ON_CALLS.create("Create an on-call", conflicts=True)
async def create_on_call(body: OnCallBody, owner: Writer, deps: Deps, response: Response) -> dict[str, Any]:
    """A rotation, or a feed: an iCalendar file that is pasted, or fetched from a URL. A feed is read before it is kept;
    while it cannot be fetched later, what was read last counts."""
    stored = await deps.on_calls.create(owner.organization, {**body.given(), "id": mint("onc")})
    _ON_CALLS.locate(response, stored.on_call.id)
    return _tagged(stored, response)


@_ON_CALLS.page("List on-calls, oldest first", OnCallPage, SHOWN)
async def list_on_calls(owner: Reader, part: _Part, deps: Deps, response: Response) -> Any:
    """As CSV or NDJSON the list is whole unless a `limit` is given."""
    return await _ON_CALLS.table.answer(
        part, response, lambda asked: deps.store.on_calls.list(owner.organization, asked), on_call_view
    )


@_ON_CALLS.get("Get an on-call")
async def get_on_call(on_call_id: OnCallId, owner: Reader, deps: Deps, known: IfNoneMatch, response: Response) -> Any:
    stored = await deps.store.on_calls.get(owner.organization, on_call_id)
    return unmodified(known, tag_of(on_call_id, stored.version)) or _tagged(stored, response)


@_ON_CALLS.change("Change an on-call")
async def change_on_call(
    on_call_id: OnCallId, body: OnCallPatch, owner: Writer, deps: Deps, wanted: IfMatch, response: Response
) -> dict[str, Any]:
    """Only the fields that are given change; overrides are replaced as a whole. A rotation takes the place of a feed,
    and a feed that of a rotation."""
    stored = await deps.on_calls.change(
        owner.organization,
        on_call_id,
        body.given(),
        lambda present: require_match(wanted, on_call_id, present.version),
    )
    return _tagged(stored, response)


@_ON_CALLS.delete("Delete an on-call")
async def delete_on_call(on_call_id: OnCallId, owner: Writer, deps: Deps, wanted: IfMatch) -> None:
    """Policies that name it reach nobody from then on, which their `lints` say."""
    await deps.store.on_calls.delete(
        owner.organization, on_call_id, lambda present: require_match(wanted, on_call_id, present.version)
    )


@router.get(
    "/{on_call_id}/at",
    response_model=OnCallAtView,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="Who is on call at an instant",
)
async def get_on_call_at(on_call_id: OnCallId, owner: Reader, deps: Deps, at: AtOfQuestion = None) -> dict[str, Any]:
    """Of a feed, what it said when it was read last. Its events that repeat are known for a year ahead."""
    rota = await _rota(deps, owner.organization, on_call_id)
    moment = deps.now() if at is None else _foreseen(at, "at")
    return {"at": render(moment), **_duty(rota.at(moment), _names(rota.contacts))}


@router.get(
    "/{on_call_id}/schedule",
    response_model=ScheduleView,
    responses=problems.documented(401, 403, 404, 422, 503),
    summary="Who will be on call",
)
async def get_on_call_schedule(
    on_call_id: OnCallId, owner: Reader, deps: Deps, start: StartOfSchedule = None, days: DaysOfSchedule = 28
) -> dict[str, Any]:
    rota = await _rota(deps, owner.organization, on_call_id)
    begins = midnight(rota.on_call.timezone, deps.now()) if start is None else _foreseen(start, "start")
    shifts = list(islice(rota.shifts(begins, Instant(begins + days * DAY)), MOST_SHIFTS + 1))
    names = _names(rota.contacts)
    return {
        "data": [
            {"start": render(one.start), "end": render(one.end), **_duty(one.duty, names)}
            for one in shifts[:MOST_SHIFTS]
        ],
        "complete": len(shifts) <= MOST_SHIFTS,
    }


async def _rota(deps: Dependencies, organization: str, on_call_id: str) -> Rota:
    stored = await deps.store.on_calls.get(organization, on_call_id)
    people = await deps.store.people.of(organization)
    return await deps.on_calls.rota(stored, opened(people.contacts, deps.cipher))


def _foreseen(given: str, field: str) -> Instant:
    """Raises InvalidValue for what lies so late that a shift might end after all that calendars know."""
    found = parse(given, field)
    if found >= _LATEST:
        raise InvalidValue(field, given, f"must lie before {render(_LATEST)}")
    return found


def _names(contacts: Sequence[Contact]) -> Mapping[str, str]:
    return {one.id: one.name for one in contacts}


def _duty(duty: Duty, names: Mapping[str, str]) -> dict[str, Any]:
    people = [{"id": id_, "name": names[id_]} for id_ in duty.contacts if id_ in names]
    return {"contacts": people, "because": duty.because, "summary": duty.summary}


def on_call_view(stored: StoredOnCall) -> dict[str, Any]:
    feed = stored.feed
    shown = None
    if feed is not None:
        origin = "ical" if feed.url is None else "url"
        shown = {"origin": origin, "read_at": render_optional(feed.read_at), "error": feed.error}
    return {
        **stored.on_call.to_json(),
        "feed": shown,
        "version": stored.version,
        "created_at": render(stored.created_at),
        "updated_at": render(stored.updated_at),
    }


def _tagged(stored: StoredOnCall, response: Response) -> dict[str, Any]:
    response.headers["ETag"] = tag_of(stored.on_call.id, stored.version)
    return on_call_view(stored)
