"""What the page can be narrowed to. It lives in the address, so a bookmark is a saved view."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from web.pages.due_next.narrowing import DueNextFilters

Text = Annotated[str, Query(max_length=200)]


# Asynchronous, or each request would wait for a thread.
async def _filters(
    q: Text = "", team: Text = "", priority: Text = "", policy: Text = "", assignee: Text = "", cursor: str = ""
) -> DueNextFilters:
    return DueNextFilters(q.strip(), team, priority, policy, assignee, cursor)


DueNextQuery = Annotated[DueNextFilters, Depends(_filters)]
