"""Who is told: a receiver of an organization, and which notices it has chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.calendar.local_time.zones import require_zone
from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_bool, require_list, require_mapping, require_name, require_text
from domain.ids import Kind
from domain.plan.milestones import AT_RISK, BREACHED, HALFWAY, PAUSE_TOO_LONG
from domain.record.notices import ESCALATED, TYPE_PREFIX, WITHDRAWN, type_of_milestone

TYPES = (HALFWAY, AT_RISK, BREACHED, ESCALATED, PAUSE_TOO_LONG)
"""What a receiver may choose. A withdrawal goes to those who chose the type of the notice that it takes back."""
KINDS = tuple(kind.value for kind in Kind)
LONGEST_NAME = 200
MOST_VALUES = 100
_CHOICES = ("types", "kinds", "policies", "teams", "priorities")
_FIELDS = frozenset({"id", "name", "channel", "timezone", "enabled", *_CHOICES})


@dataclass(frozen=True, slots=True)
class Choice:
    """Which notices. A part that is empty takes all; with several parts, a notice must match each of them.

    `teams` are those whose clock it is: the team of an OLA, or Scrubbe's `applicableTeam`. `priorities` match in any
    case. With `types=("breached",)` and `teams=("network",)` a breach of another team's clock is not told.
    """

    types: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Choice:
        """Raises InvalidValue, such as for `types[0]`."""
        parts = {name: _texts(document.get(name), name) for name in _CHOICES}
        _require_known(parts["types"], TYPES, "types")
        _require_known(parts["kinds"], KINDS, "kinds")
        return cls(**parts)

    def to_json(self) -> dict[str, list[str]]:
        return {name: list(getattr(self, name)) for name in _CHOICES}

    def takes(self, notice: Mapping[str, Any]) -> bool:
        """Whether a notice (docs/notices.md) is among them."""
        data = notice["data"]
        ticket, priority = data["ticket"], data["ticket"].get("priority")
        teams = {(data.get("team") or {}).get("id"), data.get("applicable_team")}
        return (
            _among(self.types, _type(notice))
            and _among(self.kinds, ticket["kind"])
            and _among(self.policies, data["policy"]["id"])
            and (not self.teams or not teams.isdisjoint(self.teams))
            and _among([one.casefold() for one in self.priorities], None if priority is None else priority.casefold())
        )


@dataclass(frozen=True, slots=True)
class Receiver:
    """One that is told, without its address and its secrets: those are kept apart, encrypted.

    `timezone` is the zone that people there read times in (None: the notice's own). `disabled_because` is why the
    engine has switched it off; whoever switches it on again clears that.
    """

    id: str
    name: str
    channel: str
    choice: Choice = field(default_factory=Choice)
    timezone: str | None = None
    enabled: bool = True
    disabled_because: str | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Receiver:
        """Raises InvalidValue, which names the field."""
        refuse_unknown(require_mapping(document, "receiver"), _FIELDS, "receiver")
        zone = document.get("timezone")
        return cls(
            id=require_text(document.get("id"), "id"),
            name=require_name(document.get("name"), "name", LONGEST_NAME),
            channel=require_text(document.get("channel"), "channel", 50),
            choice=Choice.from_json(document),
            timezone=None if zone is None else require_zone(zone),
            enabled=require_bool(document.get("enabled", True), "enabled"),
        )

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        plain = {name: getattr(self, name) for name in ("id", "name", "channel", "timezone", "enabled")}
        return {**plain, **self.choice.to_json()}


def _type(notice: Mapping[str, Any]) -> str:
    word = str(notice["type"]).removeprefix(TYPE_PREFIX)
    return type_of_milestone(notice["data"]["milestone"]) if word == WITHDRAWN else word


def _among(chosen: Any, value: str | None) -> bool:
    return not chosen or value in chosen


def _texts(value: Any, name: str) -> tuple[str, ...]:
    """Each once, in the order given."""
    given = require_list([] if value is None else value, name)
    if len(given) > MOST_VALUES:
        raise InvalidValue(name, f"{len(given)} values", f"must be at most {MOST_VALUES}")
    return tuple(dict.fromkeys(require_text(one, f"{name}[{place}]") for place, one in enumerate(given)))


def _require_known(given: tuple[str, ...], known: tuple[str, ...], name: str) -> None:
    for place, one in enumerate(given):
        if one not in known:
            raise InvalidValue(f"{name}[{place}]", one, f"must be one of {', '.join(known)}")
