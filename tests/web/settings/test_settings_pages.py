"""The pages of settings over HTTP: each subject empty, with data, refused; who may, and of which organization."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from domain.access.scopes import ADMIN, READ, SCOPES, WRITE
from domain.record.receivers import Receiver
from store.rules.receivers import Sealed
from tests.web.conftest import Board, BoardMaker
from tests.web.policies.test_policies_page import fields_of
from web.pages.settings.shared import SUBJECTS

HOOK = "https://hooks.example.com/sla"
TURNS = {
    "name": "Nights",
    "timezone": "UTC",
    "handover": "09:00",
    "by": "rotation",
    "length": "7",
    "unit": "days",
    "start": "2026-03-02",
}


async def rest(board: Board, path: str) -> Any:
    answer = await board.api.http.get(f"/api/v2/sla{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def secret_in(text: str) -> str:
    (found,) = re.findall(
        r'<input id="secret-\d+" readonly value="([^"]*)"[^>]*></p>\n?(?!<p class="field secret)', text
    )
    return unescape(found)


async def contact(board: Board, name: str = "Ada") -> str:
    answer = await board.send("/settings/contacts/new", name=name, kind="person")
    return str(answer.headers["location"]).rpartition("/")[2]


async def test_each_subject_says_what_is_missing(board: Board) -> None:
    for path, words in (
        ("/settings", "Default business hours"),
        ("/settings/teams", "No team yet"),
        ("/settings/contacts", "No contact yet"),
        ("/settings/on-call", "First add the contacts"),
        ("/settings/receivers", "No receiver: nobody is told"),
        ("/settings/sources", "No ticket system is connected"),
        ("/settings/templates", "All is built in."),
        ("/settings/keys", "a test"),
    ):
        page = await board.get(path)
        assert (page.status_code, words in page.text) == (200, True), path


async def test_the_organization_is_changed_and_what_is_wrong_stays_typed(board: Board) -> None:
    typed = fields_of((await board.get("/settings")).text)
    wrong = typed | {"timezone": "Mars/Olympus", "dimensions": "customer, region", "name": "Acme & Co"}
    refused = await board.send("/settings", **wrong)
    assert (refused.status_code, 'id="said-timezone"' in refused.text) == (422, True)
    assert fields_of(refused.text)["name"] == "Acme & Co"
    wrong |= {"timezone": "Europe/Berlin", "default_business_hours_id": "bh_none"}
    assert 'id="said-default_business_hours_id"' in (await board.send("/settings", **wrong)).text
    answer = await board.send("/settings", **wrong | {"default_business_hours_id": "bh_default"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    found = await rest(board, "/organization")
    assert (found["name"], found["timezone"], found["dimensions"]) == (
        "Acme & Co",
        "Europe/Berlin",
        ["customer", "region"],
    )


async def test_a_team_is_added_changed_and_deleted(board: Board) -> None:
    for fields, field in (
        ({"name": "", "id": "net"}, "name"),
        ({"name": "Network", "id": "a/b"}, "id"),
        ({"name": "Network", "id": "net", "business_hours_id": "bh_none"}, "business_hours_id"),
    ):
        refused = await board.send("/settings/teams", **fields)
        assert (refused.status_code, f'id="said-{field}"' in refused.text) == (422, True), field
    assert (await board.send("/settings/teams", name="Network", id="net")).status_code == 303
    taken = await board.send("/settings/teams", name="Other", id="net")
    assert (taken.status_code, "exists already" in taken.text, 'value="Other"' in taken.text) == (409, True, True)
    ada = await contact(board)
    await board.send("/settings/teams/net", name="Networks", lead=ada, business_hours_id="bh_default")
    text = (await board.get("/settings/teams")).text
    assert "Networks" in text
    assert ">Ada<" in text
    assert (await rest(board, "/teams/net"))["business_hours_id"] == "bh_default"
    await board.send("/settings/teams/net/delete")
    assert (await board.get("/settings/teams/net")).status_code == 404


async def test_the_secret_of_a_receiver_is_shown_once(board: Board) -> None:
    typed = {"name": "Desk", "channel": "webhook", "address": HOOK, "types": ["breached", "escalated"]}
    answer = await board.send("/settings/receivers/new", **typed)
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    secret = secret_in(answer.text)
    assert secret.startswith("whsec_")
    (one,) = (await rest(board, "/receivers"))["data"]
    assert (one["types"], one["secrets"]) == (["breached", "escalated"], 1)
    place = f"/settings/receivers/{one['id']}"
    shown = (await board.get(place)).text
    assert (
        secret in shown,
        HOOK in shown,
        "breached or escalated" in (await board.get("/settings/receivers")).text,
    ) == (
        False,
        False,
        True,
    )
    newer = secret_in((await board.send(f"{place}/rotate")).text)
    assert newer != secret
    assert (await rest(board, f"/receivers/{one['id']}"))["secrets"] == 2


async def test_a_receiver_is_changed_switched_and_deleted(board: Board) -> None:
    await board.send("/settings/receivers/new", name="Desk", channel="webhook", address=HOOK, teams=["gone"])
    (one,) = (await rest(board, "/receivers"))["data"]
    place = f"/settings/receivers/{one['id']}"
    await board.send(place, name="Duty desk", priorities="urgent, high", teams=["gone"])
    changed = await rest(board, f"/receivers/{one['id']}")
    assert (changed["name"], changed["priorities"], changed["teams"]) == ("Duty desk", ["urgent", "high"], ["gone"])
    for action, enabled in (("disable", False), ("enable", True)):
        assert (await board.send(f"{place}/{action}")).headers["location"] == place
        assert (await rest(board, f"/receivers/{one['id']}"))["enabled"] is enabled
    assert (await board.send(f"{place}/delete")).headers["location"] == "/settings/receivers"
    assert (await rest(board, "/receivers"))["total"] == 0


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"address": "http://"}, "address"),
        ({"address": ""}, "address"),
        ({"name": ""}, "name"),
        ({"channel": "pigeon"}, "channel"),
        ({"timezone": "Mars"}, "timezone"),
        ({"types": ["solved"]}, "types"),
        ({"kinds": ["sla", "tla"]}, "kinds"),
    ],
)
async def test_a_receiver_that_cannot_be_is_refused_at_its_field_and_stays(
    board: Board, fields: dict[str, Any], field: str
) -> None:
    typed = {"name": "Desk", "channel": "webhook", "address": HOOK, "priorities": "urgent", **fields}
    answer = await board.send("/settings/receivers/new", **typed)
    assert (answer.status_code, f'id="said-{field}"' in answer.text) == (422, True), answer.text
    assert fields_of(answer.text)["priorities"] == "urgent"
    assert (await rest(board, "/receivers"))["total"] == 0


async def test_a_contact_keeps_its_addresses_and_gets_more(board: Board) -> None:
    answer = await board.send(
        "/settings/contacts/new",
        **{"name": "Ada", "kind": "person", "addresses.0.channel": "webhook", "addresses.0.address": HOOK},
    )
    assert (answer.status_code, secret_in(answer.text)[:6]) == (201, "whsec_")
    (one,) = (await rest(board, "/contacts"))["data"]
    place, name = f"/settings/contacts/{one['id']}", f"webhook:{one['id']}"
    more = {
        "name": "Ada L",
        "version": "1",
        "kept": [name],
        "addresses.0.address": "",
        "addresses.1.channel": "webhook",
    }
    refused = await board.send(place, **more | {"addresses.1.address": "nonsense"})
    assert (refused.status_code, 'id="said-addresses.1.address"' in refused.text) == (422, True)
    assert 'value="nonsense"' in refused.text
    await board.send(place, **more | {"addresses.1.address": f"{HOOK}2"})
    found = await rest(board, f"/contacts/{one['id']}")
    assert [address["id"] for address in found["addresses"]] == [name, f"{name}.2"]
    late = await board.send(place, **more)
    assert (late.status_code, "Somebody else saved version 2" in late.text) == (412, True)
    assert fields_of(late.text)["version"] == "2"
    assert secret_in((await board.send(f"{place}/rotate", address=name)).text)
    await board.send(f"{place}/rotate", address="webhook:none")
    assert "address: must be one of" in (await board.get(place)).text
    assert (await board.send(f"{place}/delete")).headers["location"] == "/settings/contacts"


async def test_a_group_has_members_and_who_is_one_is_not_deleted(board: Board) -> None:
    ada = await contact(board)
    refused = await board.send("/settings/contacts/new", name="Two", kind="person", members=[ada])
    assert (refused.status_code, 'id="said-members"' in refused.text) == (422, True)
    assert (await board.send("/settings/contacts/new", name="Two", kind="group", members=[ada])).status_code == 303
    await board.send(f"/settings/contacts/{ada}/delete")
    assert 'class="fault"' in (await board.get(f"/settings/contacts/{ada}")).text
    assert (await rest(board, "/contacts"))["total"] == 2
    await board.send(f"/settings/contacts/{ada}/test")
    assert "No address: there is nothing to try." in (await board.get(f"/settings/contacts/{ada}")).text


async def test_an_on_call_says_who_has_it_and_who_comes_next(board: Board) -> None:
    ada, grace = await contact(board), await contact(board, "Grace")
    members = {"members.0.contact": ada, "members.1.contact": grace}
    answer = await board.send("/settings/on-call/new", **TURNS, **members)
    place = str(answer.headers["location"])
    page = (await board.get(place)).text
    assert "On call now: " in page
    listed = (await board.get("/settings/on-call")).text
    assert ("Ada" in listed, "Grace" in listed) == (True, True)
    over = {"overrides.0.from": "2020-01-01", "overrides.0.until": "2090-01-01", "overrides.0.contact": grace}
    wrong = await board.send(place, **TURNS, **members, **over | {"overrides.0.until": "soon"}, version="1")
    assert (wrong.status_code, 'id="said-overrides.0.until"' in wrong.text) == (422, True)
    assert 'value="2020-01-01"' in wrong.text
    assert (await board.send(place, **TURNS, **members, **over, version="1")).status_code == 303
    assert "On call now: Grace" in (await board.get(place)).text
    late = await board.send(place, **TURNS, **members, version="1")
    assert (late.status_code, "Somebody else saved" in late.text) == (412, True)
    assert (await board.send(f"{place}/delete")).headers["location"] == "/settings/on-call"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "members.0.contact"),
        ({"members.0.contact": "con_none"}, "members.0.contact"),
        ({"members.0.contact": "con_none", "length": "x"}, "length"),
        ({"members.0.contact": "con_none", "start": "soon"}, "start"),
        ({"by": "feed"}, "url"),
        ({"by": "feed", "ical": "nonsense"}, "ical"),
        ({"timezone": "Mars", "members.0.contact": "con_none"}, "timezone"),
    ],
)
async def test_an_on_call_that_cannot_be_is_refused_at_its_field(
    board: Board, fields: dict[str, str], field: str
) -> None:
    await contact(board)
    answer = await board.send("/settings/on-call/new", **TURNS | fields)
    assert (answer.status_code, f'id="said-{field}"' in answer.text) == (422, True), answer.text
    assert fields_of(answer.text)["name"] == "Nights"


async def test_a_key_is_made_shown_once_and_revoked(make_board: Any) -> None:
    board = await make_board(scopes=(READ, ADMIN))
    for fields, field in (
        ({"name": "Reports"}, "scopes"),
        ({"name": "", "scopes": [READ]}, "name"),
        ({"name": "Reports", "scopes": [READ, WRITE]}, "scopes"),
    ):
        refused = await board.send("/settings/keys", **fields)
        assert (refused.status_code, f'id="said-{field}"' in refused.text) == (422, True), field
    answer = await board.send("/settings/keys", name="Reports", scopes=[READ])
    key = secret_in(answer.text)
    reports = await make_board(board.api, scopes=())
    await reports.sign_in(key)
    assert (await reports.get("/")).status_code == 200
    page = (await board.get("/settings/keys")).text
    assert (key in page, "Reports" in page) == (False, True)
    (one,) = [row["id"] for row in (await rest(board, "/keys"))["data"] if row["name"] == "Reports"]
    await board.send(f"/settings/keys/{one}/revoke")
    assert (await reports.get("/")).status_code == 303


async def test_templates_are_tried_set_and_taken_away(board: Board) -> None:
    place, path = "/settings/templates/email", "/api/v2/sla/templates/email"
    tried = await board.send(place, subject="{{ ticket.id }} is {{ state }}", type="at_risk", **{"try": "yes"})
    assert tried.status_code == 200
    assert "is at risk</strong>" in tried.text
    assert "Nothing is saved yet" in tried.text
    assert (await board.api.http.get(path)).json()["templates"] == {}
    saved = await board.send(place, subject="{{ ticket.id }} is {{ state }}", text=" ")
    assert (saved.status_code, saved.headers["location"]) == (303, "/settings/templates?channel=email")
    assert (await board.api.http.get(path)).json()["templates"] == {"subject": "{{ ticket.id }} is {{ state }}"}
    page = (await board.get("/settings/templates?channel=email")).text
    assert "{{ ticket.id }} is {{ state }}</textarea>" in page
    await board.send(f"{place}/delete")
    assert (await board.api.http.get(path)).json()["templates"] == {}
    assert (await board.send(f"{place}/delete")).status_code == 404


async def test_a_template_that_cannot_be_is_refused_at_its_field_and_stays(board: Board) -> None:
    for more in ({}, {"try": "yes"}):
        answer = await board.send("/settings/templates/email", subject="kept", text="{{ ticket.", **more)
        assert (answer.status_code, 'id="said-text"' in answer.text) == (422, True), answer.text
        assert "kept</textarea>" in answer.text
    assert (await board.send("/settings/templates/email")).status_code == 422
    for channel, status in (("pigeon", 404), ("webhook", 422)):
        assert (await board.send(f"/settings/templates/{channel}", subject="x")).status_code == status
    assert (
        await board.send("/settings/templates/email", subject="x", type="solved", **{"try": "1"})
    ).status_code == 422


async def test_templates_are_set_by_whoever_administers(board: Board, make_board: BoardMaker) -> None:
    writer = await make_board(board.api, scopes=(READ, WRITE))
    assert "<textarea" not in (await writer.get("/settings/templates")).text
    for path in ("/settings/templates/email", "/settings/templates/email/delete"):
        assert (await writer.send(path, subject="x")).status_code == 403


async def test_templates_are_seen_with_a_sample(board: Board) -> None:
    page = await board.get("/settings/templates?type=escalated")
    assert (page.status_code, "What a sample would say" in page.text) == (200, True)
    assert "sends the notice itself" in (await board.get("/settings/templates?channel=webhook")).text
    assert (await board.get("/settings/templates?channel=pigeon")).status_code == 404
    assert (await board.get("/settings/templates?type=solved")).status_code == 422


WRITES = ("/settings", "/settings/teams", "/settings/on-call/new", "/settings/sources/x/replay")
ADMINISTERS = (
    *("/settings/contacts/new", "/settings/contacts/x/delete", "/settings/receivers/new", "/settings/receivers/x"),
    *("/settings/receivers/x/rotate", "/settings/receivers/x/enable", "/settings/sources/new", "/settings/keys"),
    *("/settings/sources/x/edit", "/settings/sources/x/delete", "/settings/keys/x/revoke"),
)


async def test_scopes_decide_what_is_shown_and_done(make_board: Any) -> None:
    reader = await make_board(scopes=(READ,))
    for _, path in SUBJECTS:
        page = await reader.get(path)
        assert page.status_code == (403 if path == "/settings/keys" else 200), path
        assert "New " not in page.text, path
    for path in (*WRITES, *ADMINISTERS):
        assert (await reader.send(path)).status_code == 403, path
    writer = await make_board(reader.api, scopes=(READ, WRITE))
    for path in ADMINISTERS:
        answer = await writer.send(path)
        assert (answer.status_code, "scope sla:admin" in answer.text) == (403, True), path
    for path in (*WRITES, *ADMINISTERS):
        assert (await (await make_board(reader.api, scopes=SCOPES)).http.post(path)).status_code in (403, 411), path


async def test_nothing_of_another_organization_is_there(make_board: Any) -> None:
    ours, theirs = await make_board(), await make_board()
    await ours.send("/settings/teams", name="Network", id="net")
    await ours.send("/settings/receivers/new", name="Desk", channel="webhook", address=HOOK)
    await ours.send("/settings/sources/new", kind="github", adopt="on")
    ada = await contact(ours)
    answer = await ours.send("/settings/on-call/new", **TURNS, **{"members.0.contact": ada})
    receiver = (await rest(ours, "/receivers"))["data"][0]["id"]
    source = (await rest(ours, "/sources"))["data"][0]["id"]
    key = (await rest(ours, "/keys"))["data"][0]["id"]
    places = {
        "/settings/teams/net": ("", "/delete"),
        f"/settings/contacts/{ada}": ("", "/delete", "/test", "/rotate"),
        str(answer.headers["location"]): ("", "/delete"),
        f"/settings/receivers/{receiver}": ("", "/delete", "/enable", "/disable", "/rotate"),
        f"/settings/sources/{source}": ("/edit", "/enable", "/disable", "/delete", "/try", "/replay", "/test"),
    }
    for place, actions in places.items():
        assert (await theirs.get(place)).status_code == 404, place
        assert (await ours.get(place)).status_code == 200, place
        for action in actions:
            assert (await theirs.send(f"{place}{action}", name="Mine")).status_code == 404, f"{place}{action}"
    assert (await theirs.send(f"/settings/keys/{key}/revoke")).status_code == 404
    for path in {path for _, path in SUBJECTS} - {"/settings/templates"}:
        text = (await theirs.get(path)).text
        assert not any(word in text for word in ("Network", "Desk", "GitHub", "Ada")), path


async def test_a_receiver_whose_address_no_key_opens_any_more_is_mended_by_typing_it_anew(board: Board) -> None:
    lost = Receiver("rcv_lost", "Desk", "webhook")
    await board.api.dependencies.store.receivers.create(board.api.organization, lost, Sealed("nonsense"))
    place = "/settings/receivers/rcv_lost"
    refused = await board.send(place, name="Duty desk")
    assert (refused.status_code, fields_of(refused.text)["name"]) == (503, "Duty desk")
    await board.send("/deliveries/test", receiver="rcv_lost", back=place)
    assert 'class="fault"' in (await board.get(place)).text
    assert (await board.send(place, name="Duty desk", address=HOOK)).status_code == 303


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "\u202e\u0007", "x" * 5000])
async def test_whatever_is_typed_is_shown_as_it_is_or_refused(board: Board, text: str) -> None:
    for path, fields in (
        ("/settings/teams", {"name": text, "lead": text}),
        ("/settings/contacts/new", {"name": text, "kind": text, "timezone": text}),
        ("/settings/on-call/new", {**TURNS, "name": text, "handover": text, "members.0.contact": text}),
        ("/settings/receivers/new", {"name": text, "channel": "webhook", "address": text, "teams": [text]}),
        ("/settings/sources/new", {"kind": "github", "name": text, "settings": text, "mapping": text}),
        ("/settings/keys", {"name": text, "scopes": [text]}),
        ("/settings", {"name": text, "timezone": text, "default_business_hours_id": text, "dimensions": text}),
    ):
        answer = await board.send(path, **fields)
        assert answer.status_code in (303, 422), path
        assert "<script>alert" not in answer.text, path
        assert "<script>alert" not in (await board.get(path)).text, path
