"""`/settings/templates`: the words of each channel: what they make of a sample, tried, set, and built in again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from domain.record.notices import WITHDRAWN
from domain.record.receivers import TYPES
from service.dependencies import Dependencies
from service.templates import OwnTemplates
from web.http import notes
from web.http.access import Admin, Deps, Reader, Visitor
from web.http.faults import SILENT, Faults, faults_of
from web.http.forms import Draft, text
from web.http.page_route import PageRoute
from web.pages.settings.actions import done
from web.pages.settings.channels import CHANNELS
from web.pages.settings.shared import REFUSALS, settings_page, typed
from web.showing.words import words

router = APIRouter(route_class=PageRoute)
PATH = "/settings/templates"
ONE = f"{PATH}/{{channel}}"
SAMPLE = "breached"
Text = Annotated[str, Query(max_length=60)]


@router.get(PATH)
async def show_templates(
    request: Request,
    visitor: Reader,
    deps: Deps,
    channel: Text = "email",
    type: Text = SAMPLE,  # noqa: A002 - the name of the field
) -> Response:
    """Raises NotFound for a channel that there is not, and InvalidValue for a type."""
    found = await deps.templates.get(visitor.organization.id, channel or "email")
    return await _shown(request, visitor, deps, found, dict(found.own), type or SAMPLE)


@router.post(ONE)
async def save_templates(request: Request, channel: str, visitor: Admin, deps: Deps) -> Response:
    """With `try` in the form nothing is kept: the page shows what would come of it."""
    owner, draft = visitor.organization.id, await typed(request)
    found = await deps.templates.get(owner, channel)
    given, sample = _given(draft, found), text(draft, "type") or SAMPLE
    try:
        if not text(draft, "try"):
            await deps.templates.put(owner, channel, given)
            place = f"{PATH}?channel={channel}"
            return notes.see_other(request, place, "Saved; it counts within seconds.", deps.cipher, deps.now())
        deps.templates.wording.check(channel, given)
    except REFUSALS as error:
        return await _shown(request, visitor, deps, found, given, sample, faults_of(error, _input_of))
    return await _shown(request, visitor, deps, found, given, sample, is_trial=True)


@router.post(f"{ONE}/delete")
async def delete_templates(request: Request, channel: str, visitor: Admin, deps: Deps) -> Response:
    deleting = deps.templates.delete(visitor.organization.id, channel)
    return await done(request, deps, f"{PATH}?channel={channel}", deleting, "All is built in again.")


def _given(draft: Draft, found: OwnTemplates) -> dict[str, str]:
    """What was typed, with the ends of its lines as they are kept; a part that is left empty is built in."""
    parts = {name: draft.get(name) for name in found.builtin}
    return {name: value for name, value in parts.items() if isinstance(value, str) and value.strip()}


def _input_of(field: str) -> str:
    """A fault names `templates.text`, or all of them, which stands at the first."""
    return field.partition(".")[2] or "subject"


async def _shown(  # noqa: PLR0913 - a form, what was typed and what is wrong with it
    request: Request,
    visitor: Visitor,
    deps: Dependencies,
    found: OwnTemplates,
    given: dict[str, str],
    sample: str,
    faults: Faults = SILENT,
    *,
    is_trial: bool = False,
) -> Response:
    """Raises InvalidValue for a type of which there is no sample."""
    owner, seen = visitor.organization.id, None
    if found.builtin:
        asked: dict[str, Any] = {"type_": sample, "zone": visitor.zone}
        seen = await deps.templates.preview(owner, found.channel, given=given if is_trial else None, **asked)
    return await settings_page(
        request,
        "templates.html",
        faults=faults,
        form=given,
        found=found,
        seen=seen,
        is_trial=is_trial,
        channels=[(name, name) for name, _ in CHANNELS],
        types=[(one, words(one)) for one in (*TYPES, WITHDRAWN)],
        type=sample,
    )
