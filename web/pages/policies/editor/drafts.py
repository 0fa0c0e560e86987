"""A policy as the form has it, and back. What the form has no words for stays as it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from domain.errors import InvalidValue
from domain.policy.actions import FIELD as FIELD_OF_ACTION
from domain.policy.actions import Action
from domain.policy.policies import Policy
from web.http.forms import Draft, rows, text
from web.pages.policies.editor.conditions import condition_document, condition_row
from web.pages.policies.editor.escalations import escalation_document, escalation_row
from web.pages.policies.editor.numbers import number
from web.pages.policies.editor.targets import target_document, target_row

DEFAULT, TEAM = "default", "team"
USUAL = ("first_response", "resolution")
NEW_ROWS: Mapping[str, Draft] = {
    "conditions": {"operator": "in"},
    "targets": {"type": "resolution", "unit": "hours", "pausable": "on"},
    "pauses": {"unit": "hours"},
    "escalations": {"trigger": "percent", "actions": [{"type": Action.NOTIFY.value}]},
    "actions": {"type": Action.NOTIFY.value},
}
"""What a new row begins with, by the last word of its list."""
BLANK = {"operator", "unit", "trigger", "pausable", "actions", "status", "pause_operator", "case"}
"""Fields that have something in them also where nobody has typed anything."""


def empty_draft() -> Draft:
    return {
        "enabled": "on",
        "match": "all",
        "at_risk_percent": "75",
        "hours": DEFAULT,
        "conditions": [dict(NEW_ROWS["conditions"])],
        "targets": [{**NEW_ROWS["targets"], "type": "first_response"}, dict(NEW_ROWS["targets"])],
    }


def draft_of(policy: Policy) -> Draft:
    document = policy.to_json()
    hours = (document["business_hours_id"] or DEFAULT) if document["business_hours"] else ""
    return {
        "name": document["name"],
        "description": document["description"],
        "enabled": "on" if document["enabled"] else "",
        "match": document["match"],
        "at_risk_percent": "" if document["at_risk_percent"] is None else str(document["at_risk_percent"]),
        "hours": TEAM if document["business_hours"] == TEAM else hours,
        "on_change": policy.on_change.value,
        "on_reopen": policy.on_reopen.value,
        "retarget_breaches": policy.retarget_breaches.value,
        "version": str(policy.version),
        "conditions": [condition_row(one) for one in document["conditions"]],
        "targets": [target_row(one) for one in document["targets"]],
        "pauses": [_pause_row(cause, length) for cause, length in document.get("pauses_at_most", {}).items()],
        "escalations": [escalation_row(one) for one in document["escalations"]],
    }


def without_blanks(draft: Draft) -> Draft:
    """The draft without rows in which nothing was typed, so that the rows of the document are its rows."""
    kept = {name: [row for row in rows(draft, name) if not _is_blank(row)] for name in NEW_ROWS if name != "actions"}
    return {**draft, **kept}


def document_of(draft: Draft, stored: Policy | None) -> dict[str, Any]:
    """What the form says, as a document for the API's schema. `draft` is one without blanks. Raises InvalidValue."""
    before: dict[str, Any] = {} if stored is None else stored.to_json()
    targets, steps = _by_id(before.get("targets", ())), _by_id(before.get("escalations", ()))
    hours = text(draft, "hours")
    named = hours if hours not in ("", DEFAULT, TEAM) else None
    if hours == "" and stored is not None and not stored.business_hours:
        # They are named and not used; the form does not speak of them.
        named = stored.business_hours_id
    document: dict[str, Any] = {
        "name": text(draft, "name"),
        "description": text(draft, "description"),
        "enabled": bool(text(draft, "enabled")),
        "match": text(draft, "match") or "all",
        "at_risk_percent": number(text(draft, "at_risk_percent") or "75"),
        "business_hours": TEAM if hours == TEAM else hours != "",
        "business_hours_id": named,
        "conditions": [condition_document(row) for row in rows(draft, "conditions")],
        "targets": [target_document(row, targets.get(text(row, "id"), {})) for row in rows(draft, "targets")],
        "escalations": [escalation_document(row, steps.get(text(row, "id"), {})) for row in rows(draft, "escalations")],
        "pauses_at_most": _pauses(rows(draft, "pauses")),
    }
    modes = {name: text(draft, name) for name in ("on_change", "on_reopen", "retarget_breaches")}
    return {**document, **{name: mode for name, mode in modes.items() if mode}}


def inputs_of(draft: Draft) -> Callable[[str], str]:
    """Says at which input of the form a fault of the document's field is shown."""
    places = {text(row, "cause"): index for index, row in enumerate(rows(draft, "pauses"))}

    def input_of(field: str) -> str:
        if field.startswith("pauses_at_most."):
            cause = field.removeprefix("pauses_at_most.").rpartition(".")[0]
            return f"pauses.{places.get(cause, 0)}.amount"
        return _of_row(field)

    return input_of


_OF_ACTIONS = "|".join(one for one in FIELD_OF_ACTION.values() if one)
_INPUTS = (
    (r"^(targets\.\d+)\.(hours|minutes|days|end_of_day|by)(\..*)?$", r"\1.amount"),
    (r"^(targets\.\d+)\.pauses_when.*$", r"\1.pause_value"),
    (r"^(targets\.\d+)$", r"\1.type"),
    (r"^(escalations\.\d+)\.(threshold_minutes|trigger_percent|delay_minutes|trigger)$", r"\1.amount"),
    (r"^(escalations\.\d+)\.repeat_\w+$", r"\1.repeat"),
    (rf"^(escalations\.\d+\.actions\.\d+)\.({_OF_ACTIONS})$", r"\1.value"),
    (r"^pauses_at_most$", "pauses.0.cause"),
    (r"^business_hours(_id)?$", "hours"),
)


def _of_row(field: str) -> str:
    for pattern, name in _INPUTS:
        if re.match(pattern, field):
            return re.sub(pattern, name, field)
    return field


def _is_blank(row: Draft) -> bool:
    # What a new row begins with says nothing of whether somebody meant it.
    if text(row, "id") or text(row, "trigger") == "breach":
        return False
    shown = {"type", *BLANK} if text(row, "type") in USUAL else BLANK
    said = any(text(row, name) for name in row if name not in shown)
    return not said and not any(text(one, "value") for one in rows(row, "actions"))


def _pause_row(cause: str, length: Mapping[str, Any]) -> Draft:
    ((unit, amount),) = length.items()
    return {"cause": cause, "amount": str(amount), "unit": unit}


def _pauses(listed: Sequence[Draft]) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    for index, row in enumerate(listed):
        cause = text(row, "cause")
        if cause in limits:
            raise InvalidValue(f"pauses[{index}].cause", cause, "stands there twice")
        limits[cause] = _length(row)
    return limits


def _length(row: Draft) -> dict[str, Any]:
    unit = "minutes" if text(row, "unit") == "minutes" else "hours"
    return {unit: number(text(row, "amount"))}


def _by_id(parts: Any) -> dict[str, Mapping[str, Any]]:
    return {part["id"]: part for part in parts}
