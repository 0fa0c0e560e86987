"""Lists that are sorted and searched by the columns of what they show: one answer for all of them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from fastapi import Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from api.http import problems
from api.http.lists.exports import Row, documented_exports
from api.http.lists.listing import Asked, Chunk, Listing
from api.http.schemas import DEFAULT_LIMIT, Cursor, Limit, Offset
from store.lists.keys import Place
from store.lists.listed import Found, ListPart

T = TypeVar("T")


class Ordered(Protocol):
    """What a list may be sorted by, as the store says it, and its own order."""

    @property
    def sortable(self) -> tuple[str, ...]: ...
    @property
    def first(self) -> str: ...


class Sortable(Ordered, Protocol):
    """The same, and what it may be searched in."""

    @property
    def searched(self) -> tuple[str, ...]: ...


def asking(listed: Sortable) -> Callable[..., Awaitable[Asked]]:
    """The dependency that reads which part of such a list is asked for, with the words of this list."""
    sort_by = Query(None, description=sort_described(listed), examples=[f"-{listed.first}".removeprefix("--")])

    async def asked(
        request: Request,
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
        cursor: Cursor = None,
        sort: str | None = sort_by,
    ) -> Asked:
        return Asked.of(request, limit, offset, cursor, sort)

    if not listed.searched:
        return asked
    search_for = Query(
        None, min_length=1, description=f"In {_names(listed.searched)}, in whatever case.", examples=["support"]
    )

    async def searched(
        request: Request,
        limit: Limit = DEFAULT_LIMIT,
        offset: Offset = 0,
        cursor: Cursor = None,
        sort: str | None = sort_by,
        q: str | None = search_for,
    ) -> Asked:
        return Asked.of(request, limit, offset, cursor, sort, q)

    return searched


@dataclass(frozen=True, slots=True)
class TableOf(Generic[T]):
    """A list of things that the store finds, each shown as the model says: a column of CSV for each of its fields."""

    listed: Sortable
    shown: type[BaseModel]

    @property
    def columns(self) -> Sequence[str]:
        return tuple(self.shown.model_fields)

    def documented(self, example: Row, *refusals: int) -> dict[int | str, dict[str, Any]]:
        """The OpenAPI entries for the answers of the list."""
        return {200: documented_exports(self.columns, flat(example)), **problems.documented(*refusals)}

    async def answer(
        self,
        asked: Asked,
        response: Response,
        find: Callable[[ListPart], Awaitable[Found[T]]],
        view: Callable[[T], Row],
    ) -> Any:
        """As JSON a page, else the whole list. Raises InvalidValue as the store does."""

        async def read(limit: int, offset: int, after: Place | None) -> Chunk:
            found = await find(ListPart(limit, offset, after, asked.sort, asked.search))
            return Chunk([view(row) for row in found.rows], found.total, found.last)

        return await Listing(self.columns, read, asked.sort or self.listed.first, flat).answer(asked, response)


def sort_described(listed: Ordered) -> str:
    """What the parameter `sort` of such a list takes."""
    return (
        f"One of {_names(listed.sortable)}; with `-` before it from the largest down. What has no such value comes "
        f"last. Left out: `{listed.first}`."
    )


def at_hand(find: Callable[[ListPart], Found[T]]) -> Callable[[ListPart], Awaitable[Found[T]]]:
    """What finds the parts of a list that is in memory, for `TableOf.answer`."""

    async def found(part: ListPart) -> Found[T]:
        return find(part)

    return found


def flat(shown: Row) -> Row:
    """As a row of a table: what is no plain value stands in it as JSON."""
    return {
        name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
        for name, value in shown.items()
    }


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
