"""Sources on the board: connected by a form, what they have sent and what it became, tried, and once more."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.access.scopes import READ, WRITE
from service.hooks.applying import Applier
from tests.api.sources.test_connectors_are_set_up import listed, text
from tests.api.sources.test_webhooks_arrive import SECRET, issue
from tests.support.peers.ticket_systems import System, ticket_system
from tests.web.conftest import Board, BoardMaker
from tests.web.policies.test_policies_page import fields_of

OPENED = issue("opened", 7, "2026-03-02T08:15:00Z")
ODD = {**OPENED, "issue": {**OPENED["issue"], "number": 8, "created_at": "yesterday", "updated_at": "yesterday"}}


async def connected(board: Board, **fields: str) -> str:
    answer = await board.send("/settings/sources/new", kind="github", adopt="on", **fields)
    assert answer.status_code == 201, answer.text
    found = (await board.api.http.get("/api/v2/sla/sources")).json()["data"]
    return str(found[-1]["id"])


def signed(body: Any, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """As GitHub sends it: the content and the headers."""
    content = json.dumps(body).encode()
    signature = hmac.new(secret.encode(), content, "sha256").hexdigest()
    return content, {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": "issues"}


async def sends(board: Board, source: str, body: Any, secret: str = SECRET) -> None:
    content, headers = signed(body, secret)
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
    page = (await board.get(place)).text
    assert "acme/desk#7: opened" in page
    assert "set aside" in page
    assert "Interpret all that was set aside once more" in page
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


@pytest.fixture
def github() -> Iterator[System]:
    with ticket_system("github") as system:
        yield system


async def with_a_way_back(board: Board, github: System) -> str:
    source = await connected(board, settings='{"priorities": {"urgent": "urgent"}}')
    typed = {"base_url": github.url, "projects": "acme/desk", **github.credentials}
    answer = await board.send(f"/settings/sources/{source}/connector", **typed)
    assert answer.status_code == 303, answer.text
    return source


async def test_the_way_back_is_set_up_without_its_credentials_ever_being_shown(board: Board, github: System) -> None:
    source = await with_a_way_back(board, github)
    path, place = f"/api/v2/sla/sources/{source}", f"/settings/sources/{source}"
    kept = {"base_url": github.url, "projects": ["acme/desk"]}
    assert (await board.api.http.get(path)).json()["connector"] == kept
    token = github.credentials["token"]
    for page in (place, f"{place}/connector", f"{place}/edit"):
        assert token not in (await board.get(page)).text, page
    typed = fields_of((await board.get(f"{place}/connector")).text)
    assert (typed["base_url"], typed["projects"], typed["token"]) == (github.url, "acme/desk", "")
    await board.send(f"{place}/test")
    assert "The ticket system knows us as" in (await board.get(place)).text
    # Not touched, the credentials stay; projects change.
    assert (await board.send(f"{place}/connector", **typed | {"projects": "acme/desk, acme/other"})).status_code == 303
    assert (await board.api.http.get(path)).json()["connector"]["projects"] == ["acme/desk", "acme/other"]
    await board.send(f"{place}/connector/remove")
    assert (await board.api.http.get(path)).json()["connector"] is None


async def test_what_is_wrong_with_a_way_back_is_said_at_its_field_and_shows_no_secret(
    board: Board, github: System
) -> None:
    source = await connected(board)
    place = f"/settings/sources/{source}/connector"
    for fields, field in (
        ({"base_url": github.url}, "token"),
        ({"base_url": "ftp://x", "token": "t-o-k-e-n"}, "base_url"),
        ({"base_url": github.url, "token": "t-o-k-e-n\N{SNOWMAN}"}, "token"),
        ({"base_url": github.url, "token": "t-o-k-e-n", "projects": "x" * 300}, "projects"),
    ):
        answer = await board.send(place, **fields)
        assert (answer.status_code, f'id="said-{field}"' in answer.text) == (422, True), (fields, answer.text)
        assert "t-o-k-e-n" not in answer.text
        assert fields_of(answer.text)["base_url"] == fields["base_url"]
    # Elsewhere than before: whoever may change a source must not have its credentials sent to himself.
    source = await with_a_way_back(board, github)
    answer = await board.send(f"/settings/sources/{source}/connector", base_url="http://127.0.0.1:1")
    assert (answer.status_code, 'id="said-token"' in answer.text) == (422, True)


async def test_a_kind_without_a_way_back_says_so(board: Board) -> None:
    answer = await board.send("/settings/sources/new", kind="alertmanager", adopt="on")
    assert answer.status_code == 201
    source = (await board.api.http.get("/api/v2/sla/sources")).json()["data"][0]["id"]
    assert "No way back" in (await board.get(f"/settings/sources/{source}/connector")).text
    await board.send(f"/settings/sources/{source}/connector", base_url="http://127.0.0.1", token="x")
    assert (await board.api.http.get(f"/api/v2/sla/sources/{source}")).json()["connector"] is None


async def test_what_webhooks_lost_is_asked_for_and_kept_once(board: Board, github: System) -> None:
    source = await with_a_way_back(board, github)
    place = f"/settings/sources/{source}"
    assert "What its webhooks lost" in (await board.get(place)).text
    github.changed.append(listed("github"))
    for said in ("Found and kept: 1; had been sent before: 0.", "Found and kept: 0; had been sent before: 1."):
        await board.send(f"{place}/backfill", since=text())
        assert said in (await board.get(place)).text
    for since, fault in (("", "must be given"), ("soon", "must be a date"), ("2099-01-01T00:00", "must not lie ahead")):
        await board.send(f"{place}/backfill", since=since)
        assert fault in (await board.get(place)).text


async def test_a_way_back_is_set_up_by_whoever_administers_and_used_by_whoever_may_write(
    board: Board, make_board: BoardMaker, github: System
) -> None:
    source = await with_a_way_back(board, github)
    place = f"/settings/sources/{source}"
    writer, reader = await make_board(board.api, scopes=(READ, WRITE)), await make_board(board.api, scopes=(READ,))
    assert (await writer.get(f"{place}/connector")).status_code == 403
    for one, action, status in (
        (writer, "connector", 403),
        (writer, "connector/remove", 403),
        (writer, "test", 403),
        (writer, "backfill", 303),
        (reader, "backfill", 403),
    ):
        assert (await one.send(f"{place}/{action}", since=text())).status_code == status, action
    assert "What its webhooks lost" not in (await reader.get(place)).text
