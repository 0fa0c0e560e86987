"""Reports as files that spreadsheets read: the columns and rows of the REST analytics, for whoever has a session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from fastapi.responses import StreamingResponse
from starlette.responses import Response

from domain.analytics.periods import Period
from service.tools.spreadsheets import cells, line, spreadsheet

Row = Mapping[str, Any]
MEDIA_TYPE = "text/csv; charset=utf-8"


def file_name(what: str, period: Period) -> str:
    return f"{what}-{period.start_date}-{period.end_date}.csv"


def csv_file(name: str, columns: Sequence[str], rows: Iterable[Row]) -> Response:
    return Response(spreadsheet(columns, rows).encode(), media_type=MEDIA_TYPE, headers=_named(name))


async def long_csv_file(name: str, columns: Sequence[str], rows: AsyncIterator[Row]) -> Response:
    """Sent while it is read. What cannot be read is found out before the answer begins."""
    first = await anext(rows, None)
    return StreamingResponse(_lines(columns, first, rows), media_type=MEDIA_TYPE, headers=_named(name))


async def _lines(columns: Sequence[str], first: Row | None, rows: AsyncIterator[Row]) -> AsyncIterator[str]:
    yield line(columns)
    if first is not None:
        yield line(cells(columns, first))
        async for row in rows:
            yield line(cells(columns, row))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
