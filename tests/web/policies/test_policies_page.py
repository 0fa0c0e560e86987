"""The pages of policies over HTTP: their order, the example, the editor, trying a ticket, versions."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from domain.access.scopes import READ
from tests.web.conftest import Board

URGENT: dict[str, Any] = {
    "name": "Urgent",
    "conditions": [{"field": "priority", "operator": "in", "value": ["urgent", "high"]}],
    "targets": [{"type": "first_response", "minutes": 30}, {"type": "resolution", "hours": 4}],
    "escalations": [{"trigger": "approaching_breach", "trigger_percent": 50, "action_type": "notify"}],
}
STANDARD: dict[str, Any] = {
    "name": "Standard",
    "business_hours": True,
    "targets": [{"type": "resolution", "hours": 24, "pauses_when": [{"field": "status", "operator": "is_set"}]}],
}


async def made(board: Board, *bodies: dict[str, Any]) -> list[str]:
    ids = []
    for body in bodies:
        answer = await board.api.http.post("/api/v2/sla/policies", json=body)
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    return ids


def fields_of(text: str, form: int = 0) -> dict[str, str]:
    """What a browser would send of a form without touching it; of several forms with fields, that one."""
    found: dict[str, str] = {}
    part = re.findall(r'<form method="post"(?: id="form")?>.*?</form>', text, re.DOTALL)[form]
    for tag in re.findall(r"<input [^>]*>", part):
        name = re.search(r' name="([^"]*)"', tag)
        is_off = 'type="checkbox"' in tag and " checked" not in tag
        if name and not is_off:
            value = re.search(r' value="([^"]*)"', tag)
            found[name[1]] = unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', part, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', options) or re.search(
            r'<option value="([^"]*)"', options
        )
        found[name] = unescape(chosen[1]) if chosen else ""
    for name, value in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', part, re.DOTALL):
        found[name] = unescape(value)
    return found


async def test_without_a_policy_the_page_says_what_to_do_and_loads_the_example(board: Board) -> None:
    page = await board.get("/policies")
    assert (page.status_code, "No policy yet" in page.text) == (200, True)
    answer = await board.send("/policies/example")
    assert (answer.status_code, answer.headers["location"]) == (303, "/policies")
    text = unescape((await board.get("/policies")).text)
    assert "For tickets where priority is urgent or high:" in text
    assert "first response within 30 min, around the clock" in text
    assert "resolution within 24 h of Help desk, Berlin" in text
    assert "30 min after the breach: reassign to Network" in text
    assert "Internal commitments" in text
    assert (await board.send("/policies/example")).status_code == 409


async def test_a_key_that_may_only_read_sees_policies_and_changes_none(make_board: Any) -> None:
    board = await make_board(scopes=(READ,))
    await made(board, URGENT)
    page = await board.get("/policies")
    assert (page.status_code, "/policies/new" in page.text, "Move Urgent" in page.text) == (200, False, False)
    for path in ("/policies/example", "/policies/order", "/policies/new", "/policies/sla_x/archive", "/replans"):
        answer = await board.send(path)
        assert (answer.status_code, "does not have the scope sla:write" in answer.text) == (403, True), path
    assert (await board.get("/policies/new")).status_code == 403


async def test_the_order_is_moved_with_buttons_and_the_button_keeps_the_focus(board: Board) -> None:
    first, second = await made(board, URGENT, STANDARD)
    answer = await board.http.post(
        "/policies/order",
        data={"csrf": board.csrf, "kind": "sla", "policy_ids": [first, second], "move": f"up {second}"},
    )
    assert answer.status_code == 303
    listed = (await board.api.http.get("/api/v2/sla/policies")).json()["data"]
    assert [one["id"] for one in listed] == [second, first]
    page = unescape((await board.get(answer.headers["location"])).text)
    assert "Standard is now 1 of 2" in page
    assert re.search(r'aria-label="Move Standard up" autofocus', page)


async def test_an_order_that_others_have_changed_meanwhile_is_refused_with_what_is_there(board: Board) -> None:
    first, second = await made(board, URGENT, STANDARD)
    for ids, move in (([first], ""), ([first, second, "sla_gone"], ""), ([first, first], ""), ([first], "up sla_x")):
        answer = await board.http.post(
            "/policies/order", data={"csrf": board.csrf, "kind": "sla", "policy_ids": ids, "move": move}
        )
        assert (answer.status_code, "Urgent" in answer.text) == (422, True), ids
    answer = await board.send("/policies/order", kind="others", policy_ids=first)
    assert answer.status_code == 422


async def test_the_form_saves_a_policy_that_was_opened_and_not_touched_as_it_was(board: Board) -> None:
    rich = {
        **STANDARD,
        "targets": [
            {"type": "resolution", "hours": 24, "priority": "high", "pausable": False},
            {"type": "first_response", "days": 2, "end_of_day": True},
            {"type": "periodic_update", "by": {"weekday": "fri", "time": "16:00"}},
            {"type": "total_resolution", "by": {"field": "customer.due"}},
            {"type": "vendor", "minutes": 90, "starts_on": ["paused"], "stops_when": URGENT["conditions"]},
            {
                "type": "resolution",
                "name": "workaround",
                "minutes": 0.5,
                "pauses_when": {
                    "match": "any",
                    "conditions": [URGENT["conditions"][0], STANDARD["targets"][0]["pauses_when"][0]],
                },
            },
        ],
        "conditions": [
            {"field": "a", "operator": "eq", "value": "5", "case_sensitive": True},
            {"field": "b", "operator": "in", "value": ["x, y", 5, None, True, "true", "[z"]},
            {"field": "c", "operator": "is_not_set"},
        ],
        "escalations": [
            {"trigger": "breached", "actions": [{"type": "notify"}], "hours": "bh_default", "skip_if_nobody": True},
            {
                "trigger": "breached",
                "delay_minutes": 15,
                "repeat_minutes": 10,
                "repeat_at_most": 3,
                "actions": [{"type": "add_tag", "tag": "late"}, {"type": "reassign", "team_id": "t"}],
            },
            {
                "trigger_percent": 12.5,
                "target_type": "resolution",
                "action_type": "notify_team_lead",
                "status": "inactive",
            },
        ],
        "pauses_at_most": {"customer": {"hours": 40}, "*": {"minutes": 90}},
        "on_change": "retarget",
        "on_reopen": "new_cycle",
        "retarget_breaches": "forgive",
        "business_hours": "team",
    }
    (policy_id,) = await made(board, rich)
    before = (await board.api.http.get(f"/api/v2/sla/policies/{policy_id}")).json()
    for form in (0, 1):
        page = await board.get(f"/policies/{policy_id}/edit")
        answer = await board.http.post(f"/policies/{policy_id}/edit", data=fields_of(page.text, form))
        assert (answer.status_code, answer.headers.get("location")) == (303, f"/policies/{policy_id}"), answer.text
    assert (await board.api.http.get(f"/api/v2/sla/policies/{policy_id}")).json() == before


async def test_a_new_policy_is_written_as_sentences(board: Board) -> None:
    page = await board.get("/policies/new")
    typed = fields_of(page.text) | {
        "name": "Gold",
        "conditions.0.field": "customer.tier",
        "conditions.0.operator": "in",
        "conditions.0.value": "gold, platinum",
        "targets.0.amount": "30",
        "targets.0.unit": "minutes",
        "targets.1.amount": "2",
        "targets.1.unit": "days",
        "escalations.0.trigger": "breach",
        "escalations.0.actions.0.type": "reassign",
        "escalations.0.actions.0.value": "network",
    }
    answer = await board.http.post("/policies/new", data=typed)
    assert answer.status_code == 303, answer.text
    shown = unescape((await board.get(answer.headers["location"])).text)
    assert "For tickets where customer.tier is gold or platinum:" in shown
    assert "resolution within 2 working days" in shown
    assert "At the breach: reassign to network" in shown


async def test_what_is_wrong_is_said_at_its_field_and_nothing_that_was_typed_is_lost(board: Board) -> None:
    page = await board.get("/policies/new")
    typed = fields_of(page.text) | {
        "name": "Gold & <b>",
        "description": "kept",
        "targets.0.amount": "soon",
        "targets.1.amount": "-4",
        "escalations.0.trigger": "percent",
        "escalations.0.amount": "120",
        "escalations.0.actions.0.type": "reassign",
        "conditions.0.field": "",
        "conditions.0.value": "urgent",
    }
    answer = await board.http.post("/policies/new", data=typed)
    assert answer.status_code == 422
    assert "Nothing was made" not in answer.text
    assert 'id="said-targets.0.amount"' in answer.text
    assert "got &#39;soon&#39;" in answer.text
    assert '<a href="#f-targets.0.amount">targets[0].hours</a>' in answer.text
    again = fields_of(answer.text)
    assert {name: again.get(name) for name in typed if typed[name]} == {n: v for n, v in typed.items() if v}
    typed |= {"targets.0.amount": "1", "conditions.0.field": "priority"}
    answer = await board.http.post("/policies/new", data=typed)
    assert (answer.status_code, 'id="said-targets.1.amount"' in answer.text) == (422, True)
    assert "must be greater than zero, got -4" in unescape(answer.text)


async def test_a_row_more_and_a_row_less_keep_what_was_typed(board: Board) -> None:
    typed = fields_of((await board.get("/policies/new")).text) | {"name": "Half", "targets.1.amount": "7"}
    answer = await board.http.post("/policies/new", data={**typed, "add": "escalations"})
    after = fields_of(answer.text)
    assert (answer.status_code, after["name"], after["escalations.0.trigger"]) == (200, "Half", "percent")
    assert 'aria-label="How many" size="5" autofocus' in answer.text
    answer = await board.http.post("/policies/new", data={**after, "add": "escalations.0.actions"})
    after = fields_of(answer.text)
    assert "escalations.0.actions.1.type" in after
    answer = await board.http.post("/policies/new", data={**after, "remove": "targets.0"})
    after = fields_of(answer.text)
    assert (after["targets.0.amount"], "targets.1.amount" in after) == ("7", False)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes in line 1"),
        ("[]", "must be an object in braces"),
        ('{"name": "x", "target": []}', "is not known here"),
        ('{"name": 5}', "input should be a valid string, got 5"),
        ('{"name": "x", "targets": [{"type": "resolution", "hours": "4"}]}', "input should be a valid number"),
        ('{"name": "\\u0000"}', "must not contain the character NUL"),
        ('{"name": "\\ud800"}', "must be valid Unicode"),
        ('{"name": "x", "at_risk_percent": NaN}', "must be a finite number"),
        ("[" * 100_000, "is not JSON that can be read"),
        ("", "is not JSON"),
    ],
)
async def test_json_is_refused_in_the_words_of_rest_and_stays_where_it_was_typed(
    board: Board, document: str, said: str
) -> None:
    answer = await board.send("/policies/new", document=document)
    assert (answer.status_code, said in unescape(answer.text)) == (422, True)
    assert fields_of(answer.text, 1)["document"] == document


async def test_a_policy_that_somebody_else_has_changed_meanwhile_is_not_overwritten_unseen(board: Board) -> None:
    (policy_id,) = await made(board, URGENT)
    typed = fields_of((await board.get(f"/policies/{policy_id}/edit")).text) | {"name": "Mine"}
    await board.api.http.patch(f"/api/v2/sla/policies/{policy_id}", json={"name": "Theirs"})
    answer = await board.http.post(f"/policies/{policy_id}/edit", data=typed)
    assert (answer.status_code, "Somebody has changed this policy since version 1" in answer.text) == (412, True)
    again = fields_of(answer.text)
    assert (again["name"], again["version"]) == ("Mine", "2")
    assert (await board.http.post(f"/policies/{policy_id}/edit", data=again)).status_code == 303
    versions = unescape((await board.get(f"/policies/{policy_id}/versions")).text)
    assert "Version 3" in versions
    assert re.search(r'<th scope="row">name</th>.*?Theirs.*?Mine', versions, re.DOTALL)


async def test_an_earlier_version_is_taken_back_into_force_as_a_new_one(board: Board) -> None:
    (policy_id,) = await made(board, URGENT)
    path, place = f"/api/v2/sla/policies/{policy_id}", f"/policies/{policy_id}/versions"
    first = (await board.api.http.get(path)).json()
    # Its parts go, and come back under their ids.
    await board.api.http.patch(path, json={"name": "Other", "targets": [{"type": "resolution", "hours": 9}]})
    assert (await board.get(place)).text.count("back into force</button>") == 1
    answer = await board.send(f"{place}/restore", version="1", present="2")
    assert answer.headers["location"] == f"/replans/new?policy_id={policy_id}", answer.text
    now = (await board.api.http.get(path)).json()
    assert (now["version"], now["name"], now["targets"]) == (3, first["name"], first["targets"])
    assert (await board.send(f"{place}/restore", version="3", present="3")).status_code == 303
    assert (await board.api.http.get(path)).json()["version"] == 3


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"version": "7", "present": "2"}, 422, "must be a version of this policy"),
        ({}, 422, "must be a version of this policy"),
        ({"version": "1", "present": "1"}, 412, "Somebody has changed this policy since version 1"),
    ],
)
async def test_a_version_that_cannot_be_taken_back_is_refused_and_nothing_changes(
    board: Board, make_board: Any, fields: dict[str, str], status: int, said: str
) -> None:
    (policy_id,) = await made(board, URGENT)
    await board.api.http.patch(f"/api/v2/sla/policies/{policy_id}", json={"name": "Other"})
    place = f"/policies/{policy_id}/versions/restore"
    answer = await board.send(place, **fields)
    assert (answer.status_code, said in unescape(answer.text)) == (status, True)
    reader = await make_board(board.api, scopes=(READ,))
    assert (await reader.send(place, version="1", present="2")).status_code == 403
    assert "back into force" not in (await reader.get(f"/policies/{policy_id}/versions")).text
    assert (await board.api.http.get(f"/api/v2/sla/policies/{policy_id}")).json()["version"] == 2
    await board.send(f"/policies/{policy_id}/archive")
    assert (await board.send(place, version="1", present="2")).status_code == 409


async def test_a_draft_is_tried_on_a_ticket_before_it_is_saved(board: Board) -> None:
    policy_id, _ = await made(board, URGENT, STANDARD)
    place = f"/policies/{policy_id}/edit"
    typed = fields_of((await board.get(place)).text)
    wider = typed | {"conditions.0.value": "low", "name": "Wider", "try": "yes", "trial.priority": "low"}
    page = unescape((await board.http.post(place, data=wider)).text)
    assert "this policy takes it" in page
    assert "It would get the policy Wider." in page
    page = unescape((await board.http.post(place, data=typed | {"try": "yes", "trial.priority": "low"})).text)
    assert "another policy takes it" in page
    assert "It would get the policy Standard." in page
    assert (await board.api.http.get(f"/api/v2/sla/policies/{policy_id}")).json()["version"] == 1
    fresh = fields_of((await board.get("/policies/new")).text) | {"name": "New", "conditions.0.field": ""}
    fresh |= {"conditions.0.value": "", "try": "yes", "trial.fields": "customer.tier: gold"}
    page = unescape((await board.http.post("/policies/new", data=fresh)).text)
    assert "It would get the policy Standard." in page, page
    assert (await board.api.http.get("/api/v2/sla/policies")).json()["total"] == 2
    refused = await board.http.post(place, data=typed | {"try": "yes", "trial.fields": "gold"})
    assert (refused.status_code, 'id="said-trial.fields"' in refused.text or "customer.tier" in refused.text) == (
        422,
        True,
    )


async def test_an_archived_policy_is_shown_and_no_longer_edited(board: Board) -> None:
    (policy_id,) = await made(board, URGENT)
    assert (await board.send(f"/policies/{policy_id}/archive")).status_code == 303
    assert "No policy yet" in (await board.get("/policies")).text
    assert "Archived" in (await board.get("/policies?archived=1")).text
    assert (await board.get(f"/policies/{policy_id}")).status_code == 200
    assert (await board.get(f"/policies/{policy_id}/edit")).status_code == 409


async def test_a_tried_ticket_tells_its_policy_why_not_the_others_and_when_it_is_due(board: Board) -> None:
    await made(board, URGENT, STANDARD, {"name": "Last"})
    path = "/policies/try?priority=low&fields.0.name=customer.tier&fields.0.value=gold&at=2026-11-30T10:00"
    page = await board.get(path)
    text = unescape(page.text)
    assert page.status_code == 200
    assert "It would get the policy Standard." in text
    assert "priority is urgent or high does not hold: the ticket has low" in text
    assert "Not asked any more: Last" in text
    assert "2026-12-03T10:00:00Z" in text
    as_json = json.dumps({"conversation_id": "c1", "priority": "high"})
    text = unescape((await board.send("/policies/try", document=as_json)).text)
    assert "It would get the policy Urgent." in text
    assert "At 50 % of the time: notify" in text
    total = (await board.api.http.get("/api/v2/sla/instances")).json()["total"]
    assert total == 0


@pytest.mark.parametrize("query", ["at=yesterday", "kind=none", "team_id=" + "x" * 300])
async def test_a_ticket_that_cannot_be_tried_is_refused_by_its_field(board: Board, query: str) -> None:
    page = await board.get(f"/policies/try?{query}")
    assert (page.status_code, 'id="faults"' in page.text) == (422, True)


async def test_policies_of_another_organization_are_not_there(make_board: Any, board: Board) -> None:
    (policy_id,) = await made(board, URGENT)
    other = await make_board()
    for path in (f"/policies/{policy_id}", f"/policies/{policy_id}/edit", f"/policies/{policy_id}/versions"):
        assert (await other.get(path)).status_code == 404, path
    for path in (f"/policies/{policy_id}/edit", f"/policies/{policy_id}/archive"):
        assert (await other.send(path)).status_code == 404, path
    assert (await other.get(f"/replans/new?policy_id={policy_id}")).status_code == 404
    assert (await other.send("/replans", policy_id=policy_id, replan_id="replan_x")).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"targets": "x", "conditions.0": "y", "escalations.0.actions": "z", "pauses.x.cause": "w"},
        {"name.0.x": "1", "enabled.y": "2", "escalations.0.trigger": "percent", "escalations.0.amount.0": "3"},
        {".".join("a" * 2000): "deep", "add": "targets.targets", "remove": "...."},
        {f"conditions.{number}.field": "f" for number in range(1500)},
    ],
)
async def test_a_form_of_another_shape_is_a_form_all_the_same(board: Board, fields: dict[str, str]) -> None:
    for path in ("/policies/new", "/policies/try", "/calendars/new"):
        assert (await board.send(path, **fields)).status_code in (200, 422), path


@pytest.mark.parametrize("amount", ["1_000", "\u0663", "1e400", "9" * 5000, "+4", "NaN"])
async def test_an_amount_that_is_no_number_of_ours_is_refused(board: Board, amount: str) -> None:
    fields = {"name": "x", "targets.0.type": "resolution", "targets.0.amount": amount}
    answer = await board.send("/policies/new", **fields)
    assert (answer.status_code, 'id="said-targets.0.amount"' in answer.text) == (422, True)
