"""The same for what is no table: a few things that are at hand, sorted and read on from a place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.errors import InvalidValue
from store.lists.keys import Place
from store.lists.listed import Found, ListPart, sorted_by

T = TypeVar("T")
_DIGITS = 20


@dataclass(frozen=True, slots=True)
class InMemory(Generic[T]):
    """`columns` give what things are sorted by: a text, a number that is not negative, or None, which comes last.

    `first` is the list's own order. `key` tells things apart, and decides between those that are equal.
    """

    columns: Mapping[str, Callable[[T], str | int | None]]
    first: str
    key: Callable[[T], str]
    searched: tuple[str, ...] = ()

    @property
    def sortable(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def find(self, every: Sequence[T], part: ListPart) -> Found[T]:
        """Raises InvalidValue for a sort or a place that is not of this list."""
        sort = part.sort or self.first
        name, descending = sorted_by(sort, self.sortable), sort.startswith("-")
        placed = self._in_order([(self._place(name, one), one) for one in every], descending)
        if part.after is not None:
            after = _checked(part.after)
            placed = [(place, one) for place, one in placed if _is_behind(place, after, descending)]
        shown = placed[part.offset : part.offset + part.limit]
        follows = len(placed) > part.offset + part.limit
        return Found([one for _, one in shown], len(every), shown[-1][0] if follows and shown else None)

    def _place(self, name: str, one: T) -> Place:
        value = self.columns[name](one)
        # Texts of one length, so that numbers compare as numbers do.
        return (f"{value:0{_DIGITS}}" if isinstance(value, int) else value, self.key(one))

    def _in_order(self, placed: list[tuple[Place, T]], descending: bool) -> list[tuple[Place, T]]:
        by_key = sorted(placed, key=lambda pair: pair[0][1] or "")
        present = [pair for pair in by_key if pair[0][0] is not None]
        absent = [pair for pair in by_key if pair[0][0] is None]
        return [*sorted(present, key=lambda pair: pair[0][0] or "", reverse=descending), *absent]


def _is_behind(place: Place, after: Place, descending: bool) -> bool:
    value, last = place[0], after[0]
    if value == last:
        return (place[1] or "") > (after[1] or "")
    if value is None or last is None:
        return value is None
    return value < last if descending else value > last


def _checked(place: Place) -> Place:
    if len(place) != 2 or place[1] is None:
        raise InvalidValue("cursor", list(place), "must be that of a list in the same order")
    return place
