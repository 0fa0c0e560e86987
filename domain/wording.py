"""Instants, lengths and values as people read them. Machines get what is exact elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.instants import HOUR, MINUTE, SECOND, Instant, Micros, to_datetime

_MILLISECOND = SECOND // 1000
_NAMED = ("contact", "on_call", "team_id", "priority", "status")
"""The fields of an action that say to whom or to what it leads."""


def spoken_length(length: Micros) -> str:
    """`26 h 5 min 4 s`, to the second; under a minute to the millisecond, such as `4.5 s`.

    Days are left out, because a day of work is not a day of the calendar.
    """
    precision = _MILLISECOND if abs(length) < MINUTE else SECOND
    left = (abs(length) + precision // 2) // precision * precision
    sign = "-" if length < 0 and left else ""
    parts = []
    for unit, name in ((HOUR, "h"), (MINUTE, "min")):
        count, left = divmod(left, unit)
        if count:
            parts.append(f"{count} {name}")
    if left or not parts:
        seconds, fraction = divmod(left, SECOND)
        parts.append(f"{seconds}{f'.{fraction:06}'.rstrip('0') if fraction else ''} s")
    return f"{sign}{' '.join(parts)}"


def spoken_instant(instant: Instant, zone: str) -> str:
    """`Mon 2026-03-02 09:00:00+01:00`: to the second that has begun, in an IANA zone, with its weekday and offset.

    It is told in UTC where the database in use does not have the zone: no sentence may stop a running instance.
    """
    moment = to_datetime(instant).astimezone(_zone(zone))
    return f"{moment:%a %Y-%m-%d %H:%M:%S}{moment.isoformat(timespec='seconds')[19:]}"


def spoken_optional(instant: Instant | None, zone: str, absent: str) -> str:
    return absent if instant is None else spoken_instant(instant, zone)


def step_name(escalation: Mapping[str, Any]) -> str:
    """What an escalation step of a policy is called: its own name, else what it does and when.

    The mapping is the step as `EscalationRule.to_json` writes it.
    """
    return str(escalation.get("name") or what_step_does(escalation))


def spoken_step(escalation: Mapping[str, Any]) -> str:
    """The step by its name, where it has one, and by what it does and when: `"Call the boss", notify 30 min after the
    breach`."""
    does = what_step_does(escalation)
    return f'"{escalation["name"]}", {does}' if escalation.get("name") else does


def what_step_does(escalation: Mapping[str, Any]) -> str:
    """What a step does and when, such as `reassign to network 30 min after the breach`."""
    actions = " and ".join(_action(action) for action in escalation.get("actions") or ())
    return f"{actions or 'escalation'} {_when(escalation)}"


def printable(text: str) -> str:
    """Names and reasons come from outside. A line stays one line, and a terminal gets no command."""
    return "".join(character if character.isprintable() else "�" for character in text)


def _zone(key: str) -> tzinfo:
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _action(action: Mapping[str, Any]) -> str:
    """`reassign to network`, `set priority to urgent`, `add tag vip`: the type, and what it names."""
    spoken = str(action["type"]).replace("_", " ")
    if (tag := action.get("tag")) is not None:
        return f"{spoken} {tag}"
    named = next((action[name] for name in _NAMED if action.get(name)), None)
    return f"{spoken} to {named}" if named else spoken


def _when(escalation: Mapping[str, Any]) -> str:
    if escalation.get("trigger_percent") is not None:
        return f"at {escalation['trigger_percent']} %"
    if escalation.get("threshold_minutes") is not None:
        return f"{_minutes(escalation['threshold_minutes'])} before the breach"
    if escalation.get("delay_minutes"):
        return f"{_minutes(escalation['delay_minutes'])} after the breach"
    return "at the breach"


def _minutes(count: float) -> str:
    return spoken_length(Micros(round(count * MINUTE)))
