"""The figures by what tickets have in common, as tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from web.pages.compliance.figures import rate
from web.showing.words import words

Document = Mapping[str, Any]
# The list in a summary, its title, where its value and its name stand, and what stands in place of none.
_LISTS = (
    ("by_target_type", "Promise", "type", "type", ""),
    ("by_priority", "Priority", "priority", "priority", "no priority"),
    ("by_policy", "Policy", "policy_id", "policy_name", "no policy"),
    ("by_team", "Team", "team_id", "team_name", "no team"),
)


@dataclass(frozen=True, slots=True)
class GroupRow:
    """`narrows` is the filter that shows this group alone and its value, None where there is none."""

    name: str
    met: int
    breached: int
    excused: int
    rate: str
    narrows: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class GroupTable:
    """`note` says what is not in it."""

    title: str
    name: str
    rows: Sequence[GroupRow]
    note: str = ""


def tables(summary: Document) -> Sequence[GroupTable]:
    """Without empty ones."""
    found = [
        GroupTable(
            f"By {title.lower()}",
            title,
            [_row(one, _named(one, key, name, nobody), (key, one[key]) if one[key] else None) for one in summary[part]],
        )
        for part, title, key, name, nobody in _LISTS
    ]
    groups = summary["groups"]
    if groups is not None:
        found.append(_by_field(groups))
    return [one for one in found if one.rows]


def _named(entry: Document, key: str, name: str, nobody: str) -> str:
    text = entry[name] or entry[key]
    return nobody if not text else words(text) if key == "type" else str(text)


def _by_field(groups: Document) -> GroupTable:
    by, data, total = groups["by"], groups["data"], groups["total"]
    left = f"The {len(data)} largest of {total}." if total > len(data) else ""
    return GroupTable(f"By {by}", by.capitalize(), list(_of_field(data, by)), left)


def _of_field(data: Iterable[Document], by: str) -> Iterable[GroupRow]:
    for one in data:
        value = one["value"]
        narrows = (by, value) if by == "assignee" else ("field", f"{by}:{value}")
        yield _row(one, value or f"no {by}", narrows if value else None)


def _row(one: Document, name: str, narrows: tuple[str, str] | None) -> GroupRow:
    return GroupRow(name, one["met"], one["breached"], one["excused"], rate(one["compliance_rate"]), narrows)
