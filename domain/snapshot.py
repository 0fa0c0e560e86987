"""What is frozen onto a ticket when it opens: the policy, the calendar, the ticket itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.calendar import Calendar
from domain.fields import optional_text, require_mapping, require_text, require_version
from domain.ids import InstanceId
from domain.policies import Policy, TargetRule
from domain.tickets import Ticket


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """A calendar as it was defined at one version; `id` None is the built-in round-the-clock one."""

    calendar: Calendar
    id: str | None = None
    version: int = 1

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "version": self.version, "calendar": self.calendar.to_json()}

    @classmethod
    def from_json(cls, document: Any) -> CalendarVersion:
        body = require_mapping(document, "calendar")
        return cls(
            Calendar.from_json(body.get("calendar"), "calendar"),
            optional_text(body.get("id"), "calendar.id") or None,
            require_version(body.get("version", 1), "calendar.version"),
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """The part of a snapshot that names things; reading it needs neither a calendar nor a time zone."""

    organization: str
    instance_id: str
    policy_id: str
    policy_name: str
    policy_version: int
    priority: str | None
    calendar_id: str | None
    calendar_version: int
    tzdata_version: str

    @property
    def instance(self) -> InstanceId:
        return InstanceId.parse(self.instance_id)

    @classmethod
    def of(cls, snapshot: Mapping[str, Any]) -> Facts:
        """The facts of a snapshot document."""
        body: Mapping[str, Any] = require_mapping(require_mapping(snapshot, "snapshot").get("facts"), "snapshot.facts")
        values: dict[str, Any] = {name: body.get(name) for name in cls.__dataclass_fields__}
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class Snapshot:
    organization: str
    ticket: Ticket
    policy: Policy
    calendar: CalendarVersion
    tzdata_version: str

    @property
    def facts(self) -> Facts:
        return Facts(
            organization=self.organization,
            instance_id=str(self.ticket.instance),
            policy_id=self.policy.id,
            policy_name=self.policy.name,
            policy_version=self.policy.version,
            priority=self.ticket.priority,
            calendar_id=self.calendar.id,
            calendar_version=self.calendar.version,
            tzdata_version=self.tzdata_version,
        )

    @property
    def targets(self) -> tuple[TargetRule, ...]:
        """The promises that apply to this ticket; empty means it is untracked."""
        return self.policy.targets_for(self.ticket.priority)

    def to_json(self) -> dict[str, Any]:
        return {
            "facts": self.facts.to_json(),
            "ticket": self.ticket.to_json(),
            "policy": self.policy.to_json(),
            "calendar": self.calendar.to_json(),
        }

    @classmethod
    def from_json(cls, document: Any) -> Snapshot:
        body = require_mapping(document, "snapshot")
        facts = Facts.of(body)
        return cls(
            organization=require_text(facts.organization, "snapshot.facts.organization"),
            ticket=Ticket.from_json(body.get("ticket"), "snapshot.ticket"),
            policy=Policy.from_json(body.get("policy"), "snapshot.policy"),
            calendar=CalendarVersion.from_json(body.get("calendar")),
            tzdata_version=facts.tzdata_version,
        )
