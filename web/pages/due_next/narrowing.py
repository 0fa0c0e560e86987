"""What is narrowed: the same for the page and for the command line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from urllib.parse import urlencode


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
