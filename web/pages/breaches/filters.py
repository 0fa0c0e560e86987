"""What the list of breaches can be narrowed to."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from fastapi import Query
from pydantic import Field

from web.pages.reports.filters import PeriodFilters


class BreachFilters(PeriodFilters):
    """`excused` lists those that are excused, instead of those that count."""

    PATH: ClassVar[str] = "/breaches"
    BESIDE: ClassVar[frozenset[str]] = PeriodFilters.BESIDE | {"excused", "cursor"}

    excused: Literal["", "true"] = ""
    cursor: Annotated[str, Field(max_length=2000)] = ""


BreachQuery = Annotated[BreachFilters, Query()]
