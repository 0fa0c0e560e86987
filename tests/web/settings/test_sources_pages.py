"""Sources on the board: connected by a form, what they have sent and what it became, tried, and once more."""

from __future__ import annotations

import hmac
import json
from typing import Any

from service.hooks.applying import Applier
from tests.api.sources.test_webhooks_arrive import SECRET, issue
from tests.web.conftest import Board
from tests.web.policies.test_policies_page import fields_of

OPENED = issue("opened", 7, "2026-03-02T08:15:00Z")
ODD = {**OPENED, "issue": {**OPENED["issue"], "number": 8, "created_at": "yesterday", "updated_at": "yesterday"}}


async def connected(board: Board, **fields: str) -> str:
    answer = await board.send("/settings/sources/new", kind="github", adopt="on", **fields)
    assert answer.status_code == 201, answer.text
    found = (await board.api.http.get("/api/v2/sla/sources")).json()["data"]
    return str(found[-1]["id"])


async def sends(board: Board, source: str, body: Any, secret: str = SECRET) -> None:
    content = json.dumps(body).encode()
    signature = hmac.new(secret.encode(), content, "sha256").hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": "issues"}
    await board.api.http.post(f"/hooks/{source}", content=content, headers=headers)


async def test_a_source_is_connected_with_its_secret_and_address_shown_once(board: Board) -> None:
    answer = await board.send("/settings/sources/new", kind="github", adopt="on", name="Issues")
    source = (await board.api.http.get("/api/v2/sla/sources")).json()["data"][0]
    assert answer.status_code == 201
    assert answer.text.count("readonly value=") == 2
    assert f"http://board/hooks/{source['id']}" in answer.text
    page = (await board.get(f"/settings/sources/{source['id']}")).text
    assert f"/hooks/{source['id']}" in page
    assert "Nothing yet" in page


async def test_what_is_wrong_with_a_source_is_said_at_its_field_and_stays(board: Board) -> None:
    for fields, field in (
        ({"kind": "pigeon"}, "kind"),
        ({"kind": ""}, "kind"),
        ({"kind": "github", "settings": "{"}, "settings"),
        ({"kind": "github", "settings": '{"nonsense": 1}'}, "settings"),
        ({"kind": "github", "mapping": "[]"}, "mapping"),
        ({"kind": "github", "prefix": "x" * 60}, "prefix"),
    ):
        answer = await board.send("/settings/sources/new", name="Kept", **fields)
        assert (answer.status_code, f'id="said-{field}"' in answer.text) == (422, True), (field, answer.text)
        assert fields_of(answer.text)["name"] == "Kept"
    assert (await board.api.http.get("/api/v2/sla/sources")).json()["total"] == 0


async def test_a_source_that_was_not_touched_is_saved_as_it_was_and_is_switched(board: Board) -> None:
    source = await connected(board, settings='{"pause_labels": ["waiting"]}', secret=SECRET)
    path, place = f"/api/v2/sla/sources/{source}", f"/settings/sources/{source}"
    before = (await board.api.http.get(path)).json()
    typed = fields_of((await board.get(f"{place}/edit")).text)
    assert (await board.send(f"{place}/edit", **typed)).status_code == 303
    assert (await board.api.http.get(path)).json() | {"updated_at": ""} == before | {"updated_at": ""}
    assert (await board.send(f"{place}/edit", **typed | {"secret": "another-long-one"})).status_code == 303
    assert (await board.api.http.get(path)).json()["secrets"] == 2
    await board.send(f"{place}/disable")
    assert (await board.api.http.get(path)).json()["enabled"] is False
    await board.send(f"{place}/test")
    assert "connector: is not set up" in (await board.get(place)).text
    assert (await board.send(f"{place}/delete")).headers["location"] == "/settings/sources"
    assert (await board.api.http.get(path)).status_code == 404


async def test_what_was_sent_is_listed_with_what_it_became_and_interpreted_once_more(board: Board) -> None:
    await board.api.policy()
    source = await connected(board, secret=SECRET)
    place = f"/settings/sources/{source}"
    await sends(board, source, OPENED)
    await sends(board, source, ODD)
    await sends(board, source, OPENED, secret="wrong")
    await board.send(f"{place}/bodies/1/replay")
    assert "waits to be interpreted already" in (await board.get(f"{place}/bodies/1")).text
    await Applier(board.api.app.state.dependencies).round()
    text = (await board.get(place)).text
    assert "acme/desk#7: opened" in text
    assert "set aside" in text
    assert "Interpret all that was set aside once more" in text
    narrowed = (await board.get(f"{place}?state=set_aside")).text
    assert ("bodies/2" in narrowed, "bodies/1" in narrowed) == (True, False)
    body = (await board.get(f"{place}/bodies/1")).text
    assert "&#34;action&#34;: &#34;opened&#34;" in body
    assert "sha256=" not in body
    await board.send(f"{place}/replay")
    assert "Interpreted once more: 1." in (await board.get(place)).text
    await board.send(f"{place}/bodies/1/replay")
    assert "It is interpreted once more." in (await board.get(f"{place}/bodies/1")).text
    for path in (f"{place}/bodies/99", f"{place}/bodies/x", f"{place}?state=lost"):
        assert (await board.get(path)).status_code in (404, 422), path


async def test_a_body_is_tried_and_nothing_is_kept(board: Board) -> None:
    source = await connected(board)
    place = f"/settings/sources/{source}"
    answer = await board.send(f"{place}/try", body=json.dumps(OPENED), headers="X-GitHub-Event: issues")
    assert (answer.status_code, "acme/desk#7: opened" in answer.text) == (200, True)
    assert "it would be refused" in answer.text
    assert ">X-GitHub-Event: issues</textarea>" in answer.text
    for fields, field in (({"body": ""}, "body"), ({"body": "{}", "headers": "x"}, "headers")):
        refused = await board.send(f"{place}/try", **fields)
        assert (refused.status_code, f'id="said-{field}"' in refused.text) == (422, True)
    assert (await board.api.http.get(f"/api/v2/sla/sources/{source}/bodies")).json()["total"] == 0
