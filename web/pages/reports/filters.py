"""What a page of figures is narrowed to, in the words of the REST analytics. It lives in the address."""

from __future__ import annotations

from typing import Annotated, ClassVar
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from domain.fields import require_choice
from domain.ids import Kind
from service.analytics.asking import Narrowing
from web.http.access import Visitor

Text = Annotated[str, Field(max_length=300)]
OF_TEAMS = "Analytics of internal commitments (OLA)"


class ReportFilters(BaseModel):
    """Empty texts filter nothing. What a page does not know is refused, so that no typing error shows other figures
    than those that were meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    PATH: ClassVar[str] = "/"
    BESIDE: ClassVar[frozenset[str]] = frozenset()
    """What is no narrowing: days, places, and how it is shown."""

    kind: Text = ""
    policy_id: Text = ""
    priority: Text = ""
    team_id: Text = ""
    type: Text = ""
    assignee: Text = ""
    field: Text = ""

    @property
    def is_narrowed(self) -> bool:
        return any(value for name, value in self.model_dump().items() if name not in self.BESIDE)

    def address(self, path: str = "", **changes: str) -> str:
        """Of the page with other filters; what the other page at `path` does not know is to be left out with ""."""
        given = {name: value for name, value in {**self.model_dump(), **changes}.items() if value}
        path = path or self.PATH
        return f"{path}?{urlencode(given)}" if given else path

    def narrowing(self, visitor: Visitor) -> Narrowing:
        """Raises InvalidValue for another kind, and PlanRequired for one that the plan does not have."""
        kind = require_choice(self.kind or Kind.SLA, Kind, "kind")
        if kind is Kind.OLA:
            visitor.require_enterprise(OF_TEAMS)
        names = ("policy_id", "priority", "team_id", "type", "assignee", "field")
        return Narrowing(kind, **{name: [value] if (value := getattr(self, name)) else None for name in names})


class PeriodFilters(ReportFilters):
    """Without days it is the last thirty."""

    BESIDE: ClassVar[frozenset[str]] = frozenset({"start_date", "end_date"})

    start_date: Text = ""
    end_date: Text = ""
