"""An escalation as a row of the form, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.policy.actions import FIELD, Action
from web.http.forms import Draft, rows, text
from web.pages.policies.editor.numbers import number

TRIGGERS: Mapping[str, str] = {
    "percent": "at so many % of the time",
    "before": "so many minutes before the breach",
    "after": "so many minutes after the breach",
    "breach": "at the breach",
}
_SHOWN = (
    "name",
    "trigger",
    "threshold_minutes",
    "trigger_percent",
    "delay_minutes",
    "target_type",
    "actions",
    "status",
)
_REPEAT = ("repeat_minutes", "repeat_at_most")


def escalation_row(document: Mapping[str, Any]) -> Draft:
    trigger, amount = _when(document)
    return {
        "id": document["id"],
        "name": document.get("name") or "",
        "trigger": trigger,
        "amount": amount,
        "target_type": document["target_type"] or "",
        "repeat": str(document.get("repeat_minutes") or ""),
        "status": document["status"],
        "actions": [_action_row(one) for one in document["actions"]],
    }


def escalation_document(row: Draft, before: Mapping[str, Any]) -> dict[str, Any]:
    """`before` is the step that the row came from, whose other fields stay."""
    repeat = number(text(row, "repeat"))
    gone = _SHOWN if repeat is not None else (*_SHOWN, *_REPEAT)
    kept = {name: value for name, value in before.items() if name not in gone}
    named = text(row, "name")
    return {
        **kept,
        **({"name": named} if named else {}),
        **_when_document(text(row, "trigger"), number(text(row, "amount"))),
        "target_type": text(row, "target_type") or None,
        "status": text(row, "status") or "active",
        "actions": [_action(one) for one in rows(row, "actions")],
        **({} if repeat is None else {"repeat_minutes": repeat}),
    }


def _when(document: Mapping[str, Any]) -> tuple[str, str]:
    if document["trigger_percent"] is not None:
        return "percent", str(document["trigger_percent"])
    if document["threshold_minutes"] is not None:
        return "before", str(document["threshold_minutes"])
    return ("after", str(document["delay_minutes"])) if document["delay_minutes"] else ("breach", "")


def _when_document(trigger: str, amount: Any) -> dict[str, Any]:
    if trigger == "before":
        return {"trigger": "approaching_breach", "threshold_minutes": amount}
    if trigger in ("after", "breach"):
        return {"trigger": "breached", **({"delay_minutes": amount} if trigger == "after" else {})}
    return {"trigger": "approaching_breach", "trigger_percent": amount}


def _action_row(document: Mapping[str, Any]) -> Draft:
    value = next((str(one) for name, one in document.items() if name != "type"), "")
    return {"type": document["type"], "value": value}


def _action(row: Draft) -> dict[str, Any]:
    kind, value = text(row, "type"), text(row, "value")
    needed = FIELD[Action(kind)] if kind in tuple(Action) else None
    return {"type": kind, needed or "value": value} if value or needed else {"type": kind}
