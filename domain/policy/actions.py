"""What an escalation may do: each action and the fields that it needs.

`notify`, `notify_team_lead` and `reassign` are Aurion's (SLA API v2); the others are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from domain.errors import InvalidValue
from domain.fields import require_mapping, require_text

CONTACT = "contact"
ON_CALL = "on_call"
TEAM_ID = "team_id"


class Action(StrEnum):
    NOTIFY = "notify"
    NOTIFY_TEAM_LEAD = "notify_team_lead"
    NOTIFY_CONTACT = "notify_contact"
    NOTIFY_ON_CALL = "notify_on_call"
    REASSIGN = "reassign"
    SET_PRIORITY = "set_priority"
    SET_STATUS = "set_status"
    ADD_TAG = "add_tag"
    COMMENT = "comment"
    WEBHOOK = "webhook"


ESCALATE = "escalate"
"""The action of the step to a policy's escalation contact (Scrubbe). No other step may have it."""

WARN_TEAM = "warn_team"
"""What a warning halfway does for a policy's applicable team (Scrubbe)."""

FIELD: Mapping[Action, str | None] = {
    Action.NOTIFY: None,
    Action.NOTIFY_TEAM_LEAD: None,
    Action.NOTIFY_CONTACT: CONTACT,
    Action.NOTIFY_ON_CALL: ON_CALL,
    Action.REASSIGN: TEAM_ID,
    Action.SET_PRIORITY: "priority",
    Action.SET_STATUS: "status",
    Action.ADD_TAG: "tag",
    Action.COMMENT: "text",
    Action.WEBHOOK: None,
}
"""The one field beside `type` that each action needs."""

NAMES_PEOPLE = frozenset({Action.NOTIFY_TEAM_LEAD, Action.NOTIFY_CONTACT, Action.NOTIFY_ON_CALL, ESCALATE, WARN_TEAM})
"""What names somebody, who must be found before he can be told."""

SPOKEN = ", ".join(f"{action} ({name})" if name else action.value for action, name in FIELD.items())


def require_action(document: Any, field: str) -> dict[str, Any]:
    """The action as it is kept. Raises InvalidValue for an unknown one, for a field that is missing or not known."""
    body = require_mapping(document, field)
    known = known_type(body.get("type"), f"{field}.type")
    needed = FIELD[known]
    for name, value in body.items():
        if name not in ("type", needed):
            takes = f"only {needed}" if needed else "no field"
            raise InvalidValue(f"{field}.{name}", value, f"is not known here; {known} takes {takes} beside its type")
    if needed is None:
        return {"type": known.value}
    if needed not in body:
        raise InvalidValue(f"{field}.{needed}", None, f"must be given for {known}")
    return {"type": known.value, needed: require_text(body[needed], f"{field}.{needed}")}


def known_type(value: Any, field: str) -> Action:
    """Raises InvalidValue, which names the actions there are and the field that each needs."""
    try:
        return Action(require_text(value, field))
    except ValueError as error:
        if isinstance(error, InvalidValue):
            raise
        raise InvalidValue(field, value, f"must be one of {SPOKEN}") from None
