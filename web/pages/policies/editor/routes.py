"""`/policies/new` and `/policies/{id}/edit`: a policy as a form, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from domain.errors import PreconditionFailed
from domain.ids import Kind
from domain.policy.policies import Policy
from service.policies.editing import Editor, create_policy
from service.policies.patch import patched_policy
from store.rules.policies import StoredPolicy
from web.http import notes
from web.http.access import Deps, Visitor, Writer
from web.http.faults import REFUSALS, SILENT, Faults, document_in, faults_of
from web.http.forms import Draft, sent, shaped, shown, text, with_row, without_row
from web.http.page_route import PageRoute
from web.http.rendering import page
from web.pages.bodies import PolicyBody, PolicyPatch, read_as
from web.pages.policies import reading, view
from web.pages.policies.editor import choices
from web.pages.policies.editor.drafts import (
    NEW_ROWS,
    document_of,
    draft_of,
    empty_draft,
    inputs_of,
    without_blanks,
)
from web.pages.policies.editor.editable import require_editable, require_version
from web.pages.policies.editor.trials import TRIAL, drafted, outcome_of_draft
from web.pages.policies.trial.view import Outcome, summary

router = APIRouter(route_class=PageRoute)
JSON = "document"
NEW_DOCUMENT = {
    "name": "",
    "conditions": [{"field": "priority", "operator": "in", "value": ["urgent"]}],
    "targets": [{"type": "resolution", "hours": 4}],
}


@router.get("/policies/new")
async def show_new_policy(request: Request, visitor: Writer, deps: Deps) -> Response:
    return await _editor(request, visitor, deps, None, empty_draft())


@router.post("/policies/new")
async def make_policy(request: Request, visitor: Writer, deps: Deps) -> Response:
    return await _edited(request, visitor, deps, None)


@router.get("/policies/{policy_id}/edit")
async def show_policy_editor(request: Request, policy_id: str, visitor: Writer, deps: Deps) -> Response:
    stored = await _editable(deps, visitor, policy_id)
    return await _editor(request, visitor, deps, stored, draft_of(stored.policy))


@router.post("/policies/{policy_id}/edit")
async def change_policy(request: Request, policy_id: str, visitor: Writer, deps: Deps) -> Response:
    return await _edited(request, visitor, deps, await _editable(deps, visitor, policy_id))


async def _edited(request: Request, visitor: Visitor, deps: Deps, stored: StoredPolicy | None) -> Response:
    """Saves the form or the JSON, or gives the form a row more or less. What was typed is in every answer."""
    draft = shaped(await sent(request), NEW_ROWS, (TRIAL,))
    if add := text(draft, "add"):
        row = NEW_ROWS.get(add.rpartition(".")[2], {})
        return await _editor(request, visitor, deps, stored, with_row(draft, add, row), added=add)
    if remove := text(draft, "remove"):
        return await _editor(request, visitor, deps, stored, without_row(draft, remove))
    as_json = JSON in draft
    draft = draft if as_json else without_blanks(draft)
    try:
        policy = None if stored is None else stored.policy
        document = document_in(text(draft, JSON), JSON) if as_json else document_of(draft, policy)
        if text(draft, "try"):
            unsaved = drafted(stored, _kind(visitor, draft), document)
            outcome = await outcome_of_draft(deps, visitor.organization, unsaved, draft.get(TRIAL) or {})
            return await _editor(request, visitor, deps, stored, draft, tried=(unsaved.id, outcome))
        saved = await _saved(deps, visitor, stored, document, draft)
    except REFUSALS as error:
        faults = faults_of(error, (lambda _: JSON) if as_json else inputs_of(draft))
        if isinstance(error, PreconditionFailed) and stored is not None:
            draft["version"] = str(stored.policy.version)
        return await _editor(request, visitor, deps, stored, draft, faults)
    changed = stored is not None and stored.policy.version != saved.policy.version
    where = f"/replans/new?policy_id={saved.policy.id}" if changed else f"/policies/{saved.policy.id}"
    said = f"Saved as version {saved.policy.version}." if changed or stored is None else "Nothing was different."
    return notes.see_other(request, where, said, deps.cipher, deps.now())


async def _saved(
    deps: Deps, visitor: Visitor, stored: StoredPolicy | None, document: Mapping[str, Any], draft: Draft
) -> StoredPolicy:
    if document.get("escalations"):
        visitor.require_enterprise("A policy with escalations")
    if stored is None:
        return await create_policy(deps, visitor.owner, _kind(visitor, draft), read_as(PolicyBody, document))
    given = read_as(PolicyPatch, document)
    edited = text(draft, "version")
    editor = Editor(deps, visitor.owner, stored.policy.kind, lambda present: require_version(present, edited))
    return await editor.revise(stored.policy.id, lambda policy: patched_policy(policy, dict(given)))


def _kind(visitor: Visitor, draft: Draft) -> Kind:
    kind = view.kind_in(text(draft, "kind") or Kind.SLA.value)
    if kind is Kind.OLA:
        visitor.require_enterprise("An internal commitment (OLA)")
    return kind


async def _editable(deps: Deps, visitor: Visitor, policy_id: str) -> StoredPolicy:
    stored = await reading.policy_of(deps, visitor.organization.id, policy_id)
    require_editable(stored)
    return stored


async def _editor(  # noqa: PLR0913 - a form, what was typed, what is wrong with it and what it would do
    request: Request,
    visitor: Visitor,
    deps: Deps,
    stored: StoredPolicy | None,
    draft: Draft,
    faults: Faults | None = None,
    *,
    added: str = "",
    tried: tuple[str, Outcome] | None = None,
) -> Response:
    names = await reading.names_of(deps, visitor.organization)
    policy = None if stored is None else stored.policy
    faults = Faults() if faults is None else faults
    typed = draft.get(JSON)
    form = draft if typed is None else (empty_draft() if policy is None else draft_of(policy))
    return await page(
        request,
        "policies/editor.html",
        status=faults.status,
        policy=policy,
        form=shown(form),
        silent=SILENT,
        document=_as_json(policy) if typed is None else typed,
        as_json=typed is not None,
        version=text(draft, "version") or ("" if policy is None else str(policy.version)),
        faults=faults,
        added=added,
        policy_id="" if tried is None else tried[0],
        outcome=None if tried is None else tried[1],
        summary="" if tried is None else summary(tried[1]),
        choices=choices.of(names),
    )


def _as_json(policy: Policy | None) -> str:
    document: Mapping[str, Any] = NEW_DOCUMENT
    if policy is not None:
        hidden = ("id", "kind", "version", "origin", "escalation_contact", "applicable_team", "compliance")
        document = {name: value for name, value in policy.to_json().items() if name not in hidden}
    return json.dumps(document, indent=2, ensure_ascii=False)
