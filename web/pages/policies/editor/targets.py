"""A target as a row of the form, and back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from web.http.forms import Draft, text
from web.pages.policies.editor.conditions import condition_document, condition_row
from web.pages.policies.editor.numbers import number

UNITS: Mapping[str, str] = {
    "minutes": "minutes",
    "hours": "hours",
    "days": "working days",
    "end_of_day": "working days, to the end of the last",
    "by": "by this time, such as 16:00 or fri 16:00",
    "field": "by what this field of the ticket says",
}
_BUDGET = ("hours", "minutes", "days", "end_of_day", "by")
_BY = re.compile(r"(?:(\w+) +)?(\S+)")


def target_row(document: Mapping[str, Any]) -> Draft:
    amount, unit = _budget(document)
    held = _one_condition(document.get("pauses_when"))
    row: Draft = {
        "id": document["id"],
        "type": document["type"],
        "name": document.get("name") or "",
        "priority": document["priority"] or "",
        "amount": amount,
        "unit": unit,
        "pausable": "on" if document["pausable"] else "",
        "on_reopen": document.get("on_reopen") or "",
    }
    if held is not None:
        row |= {f"pause_{name}": value for name, value in condition_row(held).items()}
    return row


def target_document(row: Draft, before: Mapping[str, Any]) -> dict[str, Any]:
    """`before` is the target that the row came from, whose other fields stay."""
    shown = {*_BUDGET, "type", "name", "priority", "pausable", "on_reopen"}
    if before.get("pauses_when") is None or _one_condition(before["pauses_when"]) is not None:
        shown.add("pauses_when")
    kept = {name: value for name, value in before.items() if name not in shown}
    document = {
        **kept,
        "type": text(row, "type"),
        "priority": text(row, "priority") or None,
        "pausable": bool(text(row, "pausable")),
        **_budget_document(text(row, "amount"), text(row, "unit")),
    }
    optional = {"name": text(row, "name"), "on_reopen": text(row, "on_reopen")}
    document |= {name: value for name, value in optional.items() if value}
    if "pauses_when" in shown and text(row, "pause_field"):
        document["pauses_when"] = [condition_document(row, "pause_")]
    return document


def _budget(document: Mapping[str, Any]) -> tuple[str, str]:
    if document.get("days") is not None:
        return str(document["days"]), "end_of_day" if document.get("end_of_day") else "days"
    if (by := document.get("by")) is not None:
        if by.get("field") is not None:
            return str(by["field"]), "field"
        return " ".join(one for one in (by.get("weekday"), by["time"]) if one), "by"
    hours, minutes = document["hours"], document["minutes"]
    return (str(hours), "hours") if isinstance(hours, int) else (str(minutes), "minutes")


def _budget_document(amount: str, unit: str) -> dict[str, Any]:
    if unit == "end_of_day":
        return {"days": number(amount), "end_of_day": True}
    if unit == "field":
        return {"by": {"field": amount}}
    if unit == "by":
        found = _BY.fullmatch(amount)
        weekday = found[1].lower()[:3] if found and found[1] else None
        time = found[2] if found else amount
        return {"by": {"time": time} if weekday is None else {"weekday": weekday, "time": time}}
    return {unit if unit in ("minutes", "days") else "hours": number(amount)}


def _one_condition(criteria: Any) -> Mapping[str, Any] | None:
    """The condition, where there is a single one that the form can say."""
    if isinstance(criteria, list) and len(criteria) == 1:
        one: Mapping[str, Any] = criteria[0]
        return one
    return None
