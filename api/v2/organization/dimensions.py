"""How a list or a report is asked for by dimensions of the organization."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from api.http.schemas import Several

FieldFilter = Annotated[
    Several[str],
    Query(
        description="A dimension of the organization and a value, in whatever case, with a colon between them. Several "
        "values of one dimension are a union; of several dimensions each has to match. By the ticket as it is now.",
        examples=[["customer:acme"]],
    ),
]
GroupBy = Annotated[
    str | None,
    Query(
        description="Also counted by the values of this dimension of the organization, or by `assignee`, `policy_id`, "
        "`priority`, `team_id` or `type`.",
        examples=["customer"],
    ),
]
