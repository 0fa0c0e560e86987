"""Teams: who works on a ticket, in which business hours, and who leads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.fields import optional_text, refuse_unknown, require_mapping, require_name, require_text

TEAM_FIELDS = frozenset({"id", "name", "lead", "business_hours_id"})


@dataclass(frozen=True, slots=True)
class Team:
    """A team and who leads it.

    `lead` is a contact by id, name or address, or a mail address that is no contact's. `business_hours_id` None: the
    default hours.
    """

    id: str
    name: str
    lead: str | None = None
    business_hours_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "lead": self.lead, "business_hours_id": self.business_hours_id}

    @classmethod
    def from_json(cls, document: Any, field: str = "") -> Team:
        """Raises InvalidValue naming the field at fault."""
        body: Mapping[str, Any] = require_mapping(document, field or "team")
        refuse_unknown(body, TEAM_FIELDS, field or "team")
        at = f"{field}." if field else ""
        return cls(
            id=require_text(body.get("id"), f"{at}id", longest=200),
            name=require_name(body.get("name"), f"{at}name"),
            lead=optional_text(body.get("lead"), f"{at}lead", longest=320) or None,
            business_hours_id=optional_text(body.get("business_hours_id"), f"{at}business_hours_id") or None,
        )
