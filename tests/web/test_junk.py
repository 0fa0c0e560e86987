"""Whatever stands in an address or a form: a page, a refusal that says why, or nothing there. Never an error."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tests.support.board.page_routes import PageOperation, named, page_operations
from tests.support.documents.furnishing import Things, furnish
from tests.web.conftest import Board

JUNK = (
    *("x" * 5000, "\N{SNOWMAN}\u202e", "\x00", "-1", "1e999", "99999999999999999999", "NaN", "[]", "2026-13-45"),
    *(
        "0001-01-01",
        "9999-12-31T23:59:59Z",
        "'; DROP TABLE instances; --",
        "<script>alert(1)</script>",
        "{{ 7919 * 7907 }}",
    ),
    *("../../etc/passwd", "\r\nSet-Cookie: a=b", "%00", "inst_sla_ticket_zanzibar%2F..", "a,b", "true"),
)
FIELDS = (
    "json",
    "add",
    "remove",
    "targets.0.hours",
    "conditions.999999.field",
    "version",
    "kind",
    "move",
    "policy_ids",
)
"""What forms with rows read by themselves."""
OF_THE_SESSION = {"/sign-out", "/demo/run", "/demo/leave", "/demo/take-away"}


async def furnished(board: Board) -> Things:
    return await furnish(board.api.http, "zanzibar")


async def refused_well(answer: Any, what: str) -> None:
    assert answer.status_code < 500 or answer.status_code == 503, f"{what}: {answer.status_code} {answer.text[:500]}"
    assert "<script>alert" not in answer.text, what
    assert "62615533" not in answer.text.partition("<main")[2].partition("</main>")[0] or "7919 * 7907" not in what, (
        what
    )
    assert "a=b" not in str(answer.headers.get("set-cookie")), what


async def test_no_address_makes_a_page_fail(board: Board) -> None:
    things = await furnished(board)
    for number, one in enumerate(one for one in page_operations() if one.method == "GET"):
        ids = {"token": "none", **named(things.ids(one.path))}
        for turn in range(4):
            # Another value in each place: what pages have in common meets all of them.
            values = {name: JUNK[(number + 5 * turn + place) % len(JUNK)] for place, name in enumerate(one.queries)}
            await refused_well(await board.get(one.url(ids), params=values), f"{one} {values}")
            for name in one.parameters:
                url = junk_url(one, ids, name, JUNK[(number + 5 * turn) % len(JUNK)])
                await refused_well(await board.get(url), f"{one} {url}")


async def test_no_form_makes_a_page_fail(board: Board) -> None:
    things = await furnished(board)
    for number, one in enumerate(page_operations()):
        if one.method == "GET" or one.path in OF_THE_SESSION:
            continue
        ids = named(things.ids(one.path))
        names = one.fields or FIELDS
        for turn in range(4):
            junk = {name: JUNK[(number + 5 * turn + place) % len(JUNK)] for place, name in enumerate(names)}
            await refused_well(await board.send(one.url(ids), **junk), f"{one} {junk}")
        for name in one.parameters:
            url = junk_url(one, ids, name, JUNK[number % len(JUNK)])
            await refused_well(await board.send(url), f"{one} {url}")


def junk_url(one: PageOperation, ids: dict[str, str], name: str, junk: str) -> str:
    return one.url({**ids, name: quote(junk, safe="")})
