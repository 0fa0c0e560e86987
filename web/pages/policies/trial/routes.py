"""`/policies/try`: a ticket that is not opened. A form is sent with GET, so that a trial can be kept as a bookmark."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from domain.ids import Kind
from domain.ticket.tickets import Ticket
from service.policies.trying import try_ticket
from web.http.access import Deps, Reader, Visitor
from web.http.faults import REFUSALS, SILENT, Faults, document_in, faults_of
from web.http.forms import Draft, nested, rows, sent, shaped, shown, text
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.bodies import InstanceBody, read_as
from web.pages.policies import reading
from web.pages.policies.trial import view
from web.pages.policies.trial.drafts import NEW_DOCUMENT, document_of, opened_at

router = APIRouter(route_class=PageRoute)
JSON = "document"
PATH = "/policies/try"


@router.get(PATH)
async def show_trial(request: Request, visitor: Reader, deps: Deps) -> Response:
    draft = nested(request.query_params.multi_items())
    return await _tried(request, visitor, deps, draft, has_asked=bool(draft))


@router.post(PATH)
async def try_document(request: Request, visitor: Reader, deps: Deps) -> Response:
    return await _tried(request, visitor, deps, await sent(request), has_asked=True)


async def _tried(request: Request, visitor: Visitor, deps: Deps, draft: Draft, *, has_asked: bool) -> Response:
    draft = shaped(draft, ("fields",))
    as_json = JSON in draft
    names = await reading.names_of(deps, visitor.organization)
    outcome, faults = None, Faults()
    try:
        if has_asked:
            document = document_in(text(draft, JSON), JSON) if as_json else document_of(draft)
            given = read_as(InstanceBody, document)
            when = given.pop("occurred_at", None)
            given.pop("quiet", None)
            ticket = Ticket.from_json(given)
            if ticket.instance.kind is Kind.OLA:
                visitor.require_enterprise("An internal commitment (OLA)")
            at = opened_at({"at": when} if when else draft, visitor.zone)
            outcome = view.outcome_of(await try_ticket(deps, visitor.organization.id, ticket, at), names)
    except REFUSALS as error:
        faults = faults_of(error, (lambda _: JSON) if as_json else (lambda name: name))
    return await page(
        request,
        "policies/try.html",
        status=faults.status,
        form=shown({**draft, "fields": [*rows(draft, "fields"), {}, {}]}),
        silent=SILENT,
        document=draft.get(JSON, NEW_DOCUMENT),
        as_json=as_json,
        outcome=outcome,
        summary="" if outcome is None else view.summary(outcome),
        teams=tuple(names.teams.items()),
        faults=faults,
    )
