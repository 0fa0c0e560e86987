"""Two organizations and every page crossed: nothing of one is seen by the other, or changed by it.

The matrix is made from the board's routes, so that a new page joins by itself.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.board.page_routes import PageOperation, named, page_operations
from tests.support.documents.furnishing import Things, furnish
from tests.web.conftest import Board

OPERATIONS = page_operations()
MARK = "zanzibar"
"""Stands in every name and every subject of the organization that must not be seen."""

ANYBODYS = {"token", "channel"}
"""Parameters that name what is no organization's: the link that whoever has it may read, and channels, of which each
organization has its own templates."""

OF_THE_SESSION = {"/sign-in", "/sign-out", "/demo/run", "/demo/leave", "/demo/take-away"}
"""Forms that change whose session it is, and name nothing."""

ADVICE = """
Each page must say 404 to who asks for a thing of another organization. If one is named here:
- `KeyError`: nothing is there for a parameter of its path. Make one in tests/support/documents/furnishing.py, or, where
  the page calls it otherwise than REST does, add the name to `NAMED` in tests/support/board/page_routes.py.
- 422: it is refused for its form first. Add what it cannot do without to `NEEDS`, in the same file.
- 200 or 303: it shows or changes what is another's. Read through `own(table, organization)`.
"""


@pytest.fixture
async def theirs(make_api: Any, make_board: Any) -> tuple[Any, Things]:
    """A board of the organization that must not be seen, and what it has."""
    api = await make_api()
    return await make_board(api), await furnish(api.http, MARK)


def content_of(database: Path, organization: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that is the organization's."""
    with closing(sqlite3.connect(database)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {one: {row[1] for row in connection.execute(f"PRAGMA table_info({one})")} for one in tables}
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table} WHERE {scope} = ?", [organization]), key=repr)
            for table in tables
            if (scope := next((one for one in ("organization", "organization_id") if one in columns[table]), None))
        }


async def settled(board: Any) -> None:
    """Writes that no request waited for are done."""
    await asyncio.gather(*board.api.dependencies.background, return_exceptions=True)


async def asked(board: Board, one: PageOperation, url: str, values: dict[str, str]) -> httpx.Response:
    if one.method == "GET":
        return await board.get(url, params=values)
    return await board.send(url, **values)


def seen(answer: httpx.Response, things: Things, *sent: str) -> list[str]:
    """What of the other organization stands in an answer besides what was sent."""
    text = answer.text + str(answer.headers)
    for one in sorted(sent, key=len, reverse=True):
        text = text.replace(one, "")
    return [one for one in (MARK, *things.all) if one in text]


def test_the_matrix_covers_every_page() -> None:
    paths = {one.path for one in OPERATIONS}
    assert len(OPERATIONS) > 45
    assert {"/", "/tickets/{instance_id}", "/policies/{policy_id}/edit", "/replans/{replan_id}/undo"} <= paths


async def test_its_own_organization_sees_each_page_of_what_it_has(theirs: tuple[Any, Things]) -> None:
    """Else a 404 would say nothing."""
    board, things = theirs
    wrong = []
    for one in OPERATIONS:
        if one.method != "GET" or not set(one.parameters) - ANYBODYS or "delivery_id" in one.parameters:
            continue
        ids = named(things.ids(one.path))
        try:
            answer = await asked(board, one, one.url(ids), one.needs(ids))
        except KeyError as error:
            wrong.append(f"{one}: KeyError {error}")
            continue
        if answer.status_code != 200:
            wrong.append(f"{one}: {answer.status_code}")
    assert not wrong, "\n".join((ADVICE, *wrong))


async def test_a_page_of_a_thing_of_another_organization_is_not_there(
    theirs: tuple[Any, Things], make_board: Any, tmp_path: Path
) -> None:
    owner, things = theirs
    await settled(owner)
    before = content_of(tmp_path / "store.db", owner.api.organization)
    assert sum(map(len, before.values())) > 15
    stranger = await make_board()
    wrong = []
    for one in OPERATIONS:
        if not set(one.parameters) - ANYBODYS:
            continue
        ids = named(things.ids(one.path))
        try:
            answer = await asked(stranger, one, one.url(ids), one.needs(ids))
        except KeyError as error:
            wrong.append(f"{one}: KeyError {error}")
            continue
        if answer.status_code != 404 or seen(answer, things, *ids.values()):
            wrong.append(f"{one}: {answer.status_code} {seen(answer, things, *ids.values())}")
    assert not wrong, "\n".join((ADVICE, *wrong))
    await settled(stranger)
    assert content_of(tmp_path / "store.db", owner.api.organization) == before


async def test_a_page_that_lists_or_counts_shows_nothing_of_another_organization(
    theirs: tuple[Any, Things], make_board: Any
) -> None:
    _, things = theirs
    stranger = await make_board()
    await stranger.api.policy()
    for one in OPERATIONS:
        if one.method != "GET" or set(one.parameters):
            continue
        ids = named(things.ids(one.path))
        for values in ({}, *({name: ids[name]} for name in one.queries if name in ids)):
            for headers in ({}, {"HX-Request": "true"}):
                answer = await stranger.get(one.path, params=values, headers=headers)
                what = f"{one} {values}: {answer.status_code}"
                assert answer.status_code in (200, 303, 404, 422), what
                assert seen(answer, things, *values.values()) == [], what


async def test_a_form_that_names_a_thing_of_another_organization_changes_nothing_of_it(
    theirs: tuple[Any, Things], make_board: Any, tmp_path: Path
) -> None:
    owner, things = theirs
    await settled(owner)
    before = content_of(tmp_path / "store.db", owner.api.organization)
    stranger = await make_board()
    for one in OPERATIONS:
        if one.method == "GET" or set(one.parameters) or one.path in OF_THE_SESSION:
            continue
        ids = named(things.ids(one.path))
        # What reads its form by itself says nothing of its fields: each name is tried.
        names = [name for name in one.fields if name in ids] or list(ids)
        for values in [*({name: ids[name]} for name in names), {name: ids[name] for name in names}]:
            answer = await stranger.send(one.path, **values)
            shown = answer if answer.status_code != 303 else await stranger.get(answer.headers["location"])
            what = f"{one} {values}: {answer.status_code}"
            assert shown.status_code < 500, what
            assert seen(shown, things, *values.values()) == [], what
    await settled(stranger)
    assert content_of(tmp_path / "store.db", owner.api.organization) == before


async def test_nothing_is_shown_or_done_without_a_session(theirs: tuple[Any, Things], make_board: Any) -> None:
    _, things = theirs
    nobody = await make_board(scopes=())
    for one in OPERATIONS:
        if one.is_open:
            continue
        ids = named(things.ids(one.path))
        answer = await asked(nobody, one, one.url(ids), one.needs(ids))
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/sign-in"), str(one)
