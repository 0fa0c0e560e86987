"""A list as clients ask for it: page by page as JSON, or whole as CSV or NDJSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.http.lists.exports import Row, Shape, exported, preferred_shape
from api.http.negotiation import VARY
from api.http.schemas import DEFAULT_LIMIT, MAX_LIMIT, Cursor, Limit, Offset, page
from domain.errors import InvalidValue
from service.tools.cursors import cursor_of, place_of
from store.lists.keys import Place


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of a list, in which shape. `is_limited` where the client has said how many it wants.

    `sort` and `search` are texts that the list itself understands.
    """

    shape: Shape
    limit: int
    offset: int
    cursor: str | None
    is_limited: bool
    sort: str | None = None
    search: str | None = None

    @classmethod
    def of(
        cls,
        request: Request,
        limit: int,
        offset: int,
        cursor: str | None,
        sort: str | None = None,
        search: str | None = None,
    ) -> Asked:
        """Raises InvalidValue for an offset together with a cursor."""
        if cursor is not None and offset:
            raise InvalidValue("offset", offset, "must not be given together with cursor")
        return cls(preferred_shape(request), limit, offset, cursor, "limit" in request.query_params, sort, search)


async def asked_part(
    request: Request, limit: Limit = DEFAULT_LIMIT, offset: Offset = 0, cursor: Cursor = None
) -> Asked:
    return Asked.of(request, limit, offset, cursor)


AskedPart = Annotated[Asked, Depends(asked_part)]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a list in its order, and the number of all.

    `last` is the place of the last of these rows, None where nothing follows. `more` is what a page says besides.
    """

    rows: Sequence[Row]
    total: int
    last: Place | None
    more: Mapping[str, Any] = field(default_factory=dict)


Read = Callable[[int, int, Place | None], Awaitable[Chunk]]
"""Reads at most so many rows, after skipping so many, behind a place."""


def as_it_is(row: Row) -> Row:
    return row


@dataclass(frozen=True, slots=True)
class Listing:
    """`columns` are those of CSV, and `flat` makes a row of a table of what JSON shows.

    `order` stands in the cursors, so that none is taken for one of another order.
    """

    columns: Sequence[str]
    read: Read
    order: str = ""
    flat: Callable[[Row], Row] = as_it_is

    async def answer(self, asked: Asked, response: Response) -> Any:
        """Raises InvalidValue for a cursor that is not of this list."""
        after = None if asked.cursor is None else place_of(asked.cursor, self.order)
        if asked.shape is Shape.JSON:
            response.headers.update(VARY)
            return self._page(asked, await self.read(asked.limit, asked.offset, after))
        rows = self._rows(asked, after)
        # What is refused, or cannot be read, is found out before the answer begins.
        first = await anext(rows, None)
        return exported(asked.shape, self.columns, first, rows)

    def _page(self, asked: Asked, chunk: Chunk) -> dict[str, Any]:
        shown = page([dict(row) for row in chunk.rows], chunk.total, asked.limit, asked.offset)
        following = None if chunk.last is None else cursor_of(self.order, chunk.last)
        return {**shown, **chunk.more, "next_cursor": following}

    async def _rows(self, asked: Asked, after: Place | None) -> AsyncIterator[Row]:
        """All that there are, or as many as a limit says."""
        size, offset = asked.limit if asked.is_limited else MAX_LIMIT, asked.offset
        while True:
            chunk = await self.read(size, offset, after)
            for row in chunk.rows:
                yield self.flat(row) if asked.shape is Shape.CSV else row
            if chunk.last is None or asked.is_limited:
                return
            after, offset = chunk.last, 0
