"""What a saved policy would do to running tickets: look, apply, leave, undo."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from domain.access.scopes import READ
from tests.web.conftest import Board
from tests.web.policies.test_policies_page import STANDARD, fields_of, made
from web.pages.replans.view import sentence


async def due_of(board: Board) -> str:
    answer = await board.api.http.get("/api/v2/sla/instances/inst_sla_ticket_42")
    due: str = answer.json()["targets"]["resolution"]["due_at"]
    return due


async def test_a_saved_policy_moves_running_tickets_once_it_is_applied_and_back_when_undone(
    board: Board, make_board: Any
) -> None:
    await board.api.with_worker()
    (policy_id,) = await made(board, {"name": "P", "targets": [{"type": "resolution", "hours": 4}]})
    opened = {"ticket_id": "42", "occurred_at": "2026-01-05T09:00:00Z"}
    assert (await board.api.http.post("/api/v2/sla/instances", json=opened)).status_code == 201
    before = await due_of(board)
    typed = fields_of((await board.get(f"/policies/{policy_id}/edit")).text) | {"targets.0.amount": "2"}
    answer = await board.http.post(f"/policies/{policy_id}/edit", data=typed)
    assert answer.headers["location"] == f"/replans/new?policy_id={policy_id}"

    preview = await board.get(answer.headers["location"])
    assert "1 running ticket would move." in preview.text
    assert "inst_sla_ticket_42" in preview.text
    assert await due_of(board) == before
    reader = await make_board(board.api, (READ,))
    assert "it lacks the scope" in (await reader.get(answer.headers["location"])).text

    (form,) = re.findall(r'<form method="post" action="/replans">.*?</form>', preview.text, re.DOTALL)
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) | {"reason": "agreed"}
    applied = await board.http.post("/replans", data=fields)
    assert (await board.http.post("/replans", data=fields)).headers["location"] == applied.headers["location"]
    assert await due_of(board) == "2026-01-05T11:00:00Z"
    page = unescape((await board.get(applied.headers["location"])).text)
    for said in ("Replan: policy P", "agreed", "1 of 1 have recorded it", "stays breached"):
        assert said in page
    assert (await reader.send(f"{applied.headers['location']}/undo")).status_code == 403

    undone = await board.send(f"{applied.headers['location']}/undo")
    assert undone.status_code == 303
    assert await due_of(board) == before
    assert "undone" in (await board.get("/replans")).text
    other = await make_board()
    assert (await other.get(applied.headers["location"])).status_code == 404
    assert (await other.send(f"{applied.headers['location']}/undo")).status_code == 404


async def test_a_replan_of_nothing_or_of_two_things_is_refused(board: Board) -> None:
    (policy_id,) = await made(board, STANDARD)
    for query in ("", f"policy_id={policy_id}&business_hours_id=bh_default", "policy_id=" + "x" * 300):
        assert (await board.get(f"/replans/new?{query}")).status_code == 422
    for fields in ({}, {"policy_id": policy_id}, {"policy_id": policy_id, "replan_id": "replan_/../x"}):
        assert (await board.send("/replans", **fields)).status_code == 422
    for path in ("/replans/replan_none", "/replans/new?policy_id=sla_none"):
        assert (await board.get(path)).status_code == 404
    assert (await board.get("/replans/%00")).status_code < 500
    assert "No replan yet" in (await board.get("/replans")).text


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0, 0, 0), "No running ticket is measured by it."),
        ((3, 0, 0, 0), "None of 3 running tickets would move."),
        ((20, 14, 2, 0), "14 running tickets would move, 2 would breach."),
        ((1, 1, 0, 1), "1 running ticket would move, 1 would be saved."),
    ],
)
def test_what_a_replan_would_do_is_one_sentence(counts: tuple[int, int, int, int], said: str) -> None:
    assert sentence(*counts) == said
