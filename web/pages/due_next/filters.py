"""What the page can be narrowed to. It lives in the address, so a bookmark is a saved view."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query

Text = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class DueNextFilters:
    """Empty texts filter nothing."""

    q: str = ""
    team: str = ""
    priority: str = ""
    policy: str = ""
    assignee: str = ""
    cursor: str = ""

    @property
    def is_narrowed(self) -> bool:
        return any((self.q, self.team, self.priority, self.policy, self.assignee))

    def address(self, **changes: str) -> str:
        given = {name: value for name, value in {**asdict(self), **changes}.items() if value}
        return f"/?{urlencode(given)}" if given else "/"


def _filters(
    q: Text = "", team: Text = "", priority: Text = "", policy: Text = "", assignee: Text = "", cursor: str = ""
) -> DueNextFilters:
    return DueNextFilters(q.strip(), team, priority, policy, assignee, cursor)


DueNextQuery = Annotated[DueNextFilters, Depends(_filters)]
