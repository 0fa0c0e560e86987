"""What a template may say of a notice: plain texts and numbers, in the reader's zone, safe to put into one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from channels.wording.times import Reader, rough
from domain.instants import SECOND, Micros
from domain.plan.milestones import AT_RISK, BREACHED, HALFWAY, PAUSE_TOO_LONG
from domain.record.notices import ESCALATED, WITHDRAWN
from domain.record.withdrawals import spoken_cause
from domain.wording import printable, spoken_length, step_name, what_step_does

LONGEST_TEXT = 500
LATE_SECONDS = 60
_TOLD = {
    HALFWAY: "half of the time is used",
    AT_RISK: "at risk",
    BREACHED: "breached",
    ESCALATED: "escalated",
    PAUSE_TOO_LONG: "paused too long",
}
_NAMED = {HALFWAY: "halfway notice", AT_RISK: "warning", BREACHED: "breach", PAUSE_TOO_LONG: "notice of a long pause"}


def words(notice: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """The names that templates know, of a CloudEvent as `domain.record.notices` makes it (docs/receivers.md)."""
    data = notice["data"]
    type_ = str(notice["type"]).rpartition(".")[2]
    known = {
        "id": notice["id"],
        "type": type_,
        "organization": str(notice["source"]).removeprefix("/sla/"),
        "ticket": _ticket(data["ticket"]),
        "target": _target(data),
        "policy": _line(data["policy"]["name"]),
        "team": _team(data),
        "planned": reader.moment(data["planned_at"]),
        "due": reader.moment(data["due_at"]),
        "stopped": reader.moment(data.get("stopped_at")),
        "budget": _length(data.get("budget_seconds")),
        "used": _length(data.get("used_seconds")),
        "escalation": _step(data, step_name),
        "step": _step(data, what_step_does),
        "delay": _delay(data, reader),
        "reason": _reason(data, reader),
        "message": _line(data["message"]),
        "timezone": reader.zone,
        "problem": None,
    }
    known["state"] = f"{_named(known, data)} withdrawn" if type_ == WITHDRAWN else _TOLD.get(type_, type_)
    known["headline"] = _headline(known)
    known["sentence"] = _capital(_sentence(known, data, reader))
    return known


def _ticket(ticket: Mapping[str, Any]) -> dict[str, str | None]:
    """`name` is `ticket 42`, or `incident 42` where that is what the desk has."""
    key, subject = next((name, value) for name, value in ticket.items() if name.endswith("_id"))
    return {
        "id": _line(subject),
        "name": f"{key.removesuffix('_id')} {_line(subject)}",
        "title": None if ticket.get("title") is None else _line(ticket["title"]),
        "url": _link(ticket.get("url")),
        "priority": None if ticket.get("priority") is None else _line(ticket["priority"]),
    }


def _link(url: Any) -> str | None:
    """The link where it leads to a page: what runs in a browser when it is clicked is none."""
    try:
        is_page = isinstance(url, str) and urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        return None
    return _line(url).replace(" ", "%20") if is_page else None


def _target(data: Mapping[str, Any]) -> str | None:
    """`First response`, or `Resolution (workaround)`; None for a notice of the ticket itself."""
    if data["target"] is None:
        return None
    spoken = str(data["target"]).replace("_", " ").capitalize()
    return f"{spoken} ({_line(data['name'])})" if data.get("name") else spoken


def _team(data: Mapping[str, Any]) -> str | None:
    team = data.get("team")
    return None if team is None else _line(team["name"] or team["id"])


def _step(data: Mapping[str, Any], said: Callable[[Mapping[str, Any]], str]) -> str | None:
    escalation = data.get("escalation")
    return None if escalation is None else _line(said(escalation))


def _is_named(known: Mapping[str, Any]) -> bool:
    """Whether the step has a name of its own."""
    return known["escalation"] is not None and known["escalation"] != known["step"]


def _called(known: Mapping[str, Any]) -> str:
    """`"Call the boss"`, or what the step does in brackets."""
    return f'"{known["escalation"]}"' if _is_named(known) else f"({known['escalation']})"


def _length(seconds: float | None) -> str | None:
    return None if seconds is None else spoken_length(Micros(round(seconds * SECOND)))


def _delay(data: Mapping[str, Any], reader: Reader) -> str | None:
    """How long after its time the notice is told, where that is a minute or more; a withdrawal has no time."""
    seconds = reader.seconds_since(data["planned_at"])
    return rough(seconds) if seconds >= LATE_SECONDS and data.get("withdraws") is None else None


def _reason(data: Mapping[str, Any], reader: Reader) -> str | None:
    """`answered at 15:13, in time`: what took a notice back, where one event did."""
    because = data.get("because")
    if because is None:
        return None
    at = reader.moment(because["occurred_at"])
    assert at is not None
    in_time = ", in time" if data.get("met") else ""
    return f"{spoken_cause(because['type'])} at {at['at']}{in_time}"


def _headline(known: Mapping[str, Any]) -> str:
    """`First response of ticket 42 by Network: breached`."""
    by = "" if known["team"] is None else f" by {known['team']}"
    step = f" {_called(known)}" if known["type"] == ESCALATED and known["escalation"] else ""
    of = known["ticket"]["name"] if known["target"] is None else f"{known['target']} of {known['ticket']['name']}"
    return _capital(f"{of}{by}: {known['state']}{step}")


def _sentence(known: Mapping[str, Any], data: Mapping[str, Any], reader: Reader) -> str:
    if known["type"] == WITHDRAWN:
        return _withdrawal(known, data)
    parts = (_climbed(known), _pause(data), _use(known), _due(data, reader), _held(data, reader), _repeat(data))
    return "; ".join(part for part in parts if part) or known["state"]


def _climbed(known: Mapping[str, Any]) -> str | None:
    """Of a step that has a name, what it does."""
    return f'escalation "{known["escalation"]}": {known["step"]}' if _is_named(known) else None


def _pause(data: Mapping[str, Any]) -> str | None:
    """Why a pause that is too long is told: from now on it holds no clock."""
    pause = data.get("pause")
    if pause is None:
        return None
    cause = f" ({_line(pause['cause'])})" if pause["cause"] else ""
    return f"the pause{cause} is longer than the policy lets one count; clocks that nothing else holds run on"


def _use(known: Mapping[str, Any]) -> str | None:
    used, budget = known["used"], known["budget"]
    if used is None or budget is None:
        return None
    said = {HALFWAY: f"half of its {budget} is used", BREACHED: f"all of its {budget} is used"}
    return said.get(known["type"], f"{used} of its {budget} used")


def _due(data: Mapping[str, Any], reader: Reader) -> str | None:
    due = reader.moment(data["due_at"])
    if due is None:
        return None
    return f"{'was due' if reader.seconds_since(data['due_at']) > 0 else 'due'} {due['at']} ({due['relative']})"


def _held(data: Mapping[str, Any], reader: Reader) -> str | None:
    """Since when a step waited for the hours in which it may speak."""
    since = reader.moment(data.get("held_since"))
    return None if since is None else f"held since {since['at']}, until its hours opened"


def _repeat(data: Mapping[str, Any]) -> str | None:
    return f"told again (repeat {data['repeat']})" if data.get("repeat") else None


def _withdrawal(known: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """`answered at 15:13, in time; the warning of 15:33 no longer holds`."""
    told = f"the {_named(known, data)} of {known['planned']['at']} no longer holds"
    due = known["due"]
    now = "" if due is None or known["stopped"] else f"; now due {due['at']} ({due['relative']})"
    return f"{known['reason']}; {told}{now}" if known["reason"] else f"{told}{now}"


def _named(known: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """The notice that is taken back, as people call it."""
    escalation = f"escalation {_called(known)}" if known["escalation"] else "escalation"
    return _NAMED.get(data["milestone"].partition(":")[0], escalation)


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _line(value: Any) -> str:
    """What came from outside, as one line of bounded length."""
    text = printable(" ".join(str(value).split()))
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
