"""What the figures can be narrowed to, and how they are cut."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from fastapi import Query

from domain.analytics.buckets import Granularity
from domain.analytics.periods import Period
from service.dimensions import ASSIGNEE
from web.pages.reports.filters import PeriodFilters, ReportFilters, Text

MOST_DAYS, MOST_WEEKS = 62, 300


class ComplianceFilters(PeriodFilters):
    """`group_by` is `assignee` unless it is a dimension; without a `granularity` the length of the period decides."""

    PATH: ClassVar[str] = "/compliance"
    BESIDE: ClassVar[frozenset[str]] = PeriodFilters.BESIDE | {"group_by", "granularity"}

    group_by: Text = ""
    granularity: Literal["", "day", "week", "month"] = ""

    @property
    def group(self) -> str:
        return self.group_by or ASSIGNEE

    def cut(self, period: Period) -> Granularity:
        if self.granularity:
            return Granularity(self.granularity)
        by_length = Granularity.WEEK if period.days <= MOST_WEEKS else Granularity.MONTH
        return Granularity.DAY if period.days <= MOST_DAYS else by_length


class MonthFilters(ReportFilters):
    """`month` is such as 2026-11; without one it is the present month."""

    PATH: ClassVar[str] = "/compliance/month"
    BESIDE: ClassVar[frozenset[str]] = frozenset({"month"})

    month: Text = ""


ComplianceQuery = Annotated[ComplianceFilters, Query()]
MonthQuery = Annotated[MonthFilters, Query()]
