"""An instance of a list as a row of a table, for CSV."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_COLUMNS = (
    *("id", "kind", "conversation_id", "ticket_id", "incident_id", "subject", "url", "status", "priority"),
    *("policy_id", "policy_name", "policy_version", "team_id", "assignee"),
    *("opened_at", "closed_at", "next_due_at", "at_risk", "is_overdue", "excused"),
)
_CLOCKS = ("first_response", "resolution")
_OF_CLOCK = ("due_at", "met", "stopped_at", "breached_at", "elapsed_seconds", "paused_seconds")


def columns(paths: Iterable[str]) -> Sequence[str]:
    """The header; `paths` are the fields of the ticket that were asked for."""
    clocks = (f"{clock}_{name}" for clock in _CLOCKS for name in _OF_CLOCK)
    return (*_COLUMNS, *clocks, *(f"fields.{path}" for path in paths))


def row(view: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The view of an instance and the chosen fields of its ticket, by column."""
    targets: Mapping[str, Mapping[str, Any]] = view["targets"]
    clocks = {f"{clock}_{name}": targets.get(clock, {}).get(name) for clock in _CLOCKS for name in _OF_CLOCK}
    chosen = {f"fields.{path}": _flat(value) for path, value in fields.items()}
    return {**{name: view.get(name) for name in _COLUMNS}, **clocks, **chosen}


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
