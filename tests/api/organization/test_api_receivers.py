from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from standardwebhooks import Webhook

from service.receivers import opened
from service.tools.ciphers import Cipher
from tests.support.outlets import KEY, LoopbackOutlets
from tests.support.peers.receiver import receiving

TOKEN = "T0p5ecret"
DESK = {"name": "Duty desk", "channel": "webhook", "address": f"http://127.0.0.1:9/{TOKEN}", "types": ["breached"]}
RECEIVERS = "/api/v2/sla/receivers"


async def create(api: Any, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/receivers", {**DESK, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def patch(api: Any, receiver: dict[str, Any], **changes: Any) -> Any:
    return await api.http.patch(f"{RECEIVERS}/{receiver['id']}", json=changes)


async def kept(api: Any, receiver: dict[str, Any]) -> Any:
    return await api.dependencies.store.receivers.get(api.organization, receiver["id"])


async def test_a_receiver_comes_back_as_it_was_given_but_its_address_never_does(api: Any) -> None:
    answer = await api.post("/receivers", DESK)
    created = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{RECEIVERS}/{created['id']}")
    assert created.pop("secret").startswith("whsec_")
    assert (created["types"], created["kinds"], created["enabled"], created["secrets"]) == (["breached"], [], True, 1)
    assert (await api.get(f"/receivers/{created['id']}")).json() == created
    listed = await api.get("/receivers")
    assert (listed.json()["data"], listed.json()["total"]) == ([created], 1)
    assert TOKEN not in answer.text + listed.text
    assert "whsec_" not in listed.text


async def test_neither_address_nor_secret_lies_in_the_database_in_clear(api: Any, tmp_path: Path) -> None:
    secret = (await create(api))["secret"]
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        dump = "\n".join(connection.iterdump())
    assert "Duty desk" in dump
    assert TOKEN not in dump
    assert secret not in dump


async def test_a_private_address_is_refused_without_showing_what_it_holds(api: Any) -> None:
    api.use(outlets=LoopbackOutlets(allow_private=False))
    answer = await api.post("/receivers", DESK)
    assert (answer.status_code, answer.json()["field"]) == (422, "address")
    assert "loopback" in answer.json()["detail"]
    assert TOKEN not in answer.text
    assert (await api.get("/receivers")).json()["total"] == 0


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("channel", {"channel": "pigeon"}),
        ("channel", {"channel": "log"}),
        ("channel", {"channel": "email", "address": "ada@example.com"}),
        ("address", {"address": ""}),
        ("address", {"address": f"ftp://127.0.0.1/{TOKEN}"}),
        ("address", {"address": f"http://127.0.0.1/{TOKEN}" + "x" * 2000}),
        ("address", {"address": f"http://nowhere.invalid/{TOKEN}"}),
        ("types[0]", {"types": ["withdrawn"]}),
        ("timezone", {"timezone": "Mars/Base"}),
        ("secret", {"secret": "whsec_mine"}),
    ],
)
async def test_a_wrong_value_is_named_and_nothing_is_kept(api: Any, field: str, given: dict[str, Any]) -> None:
    answer = await api.post("/receivers", {**DESK, **given})
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert TOKEN not in answer.text
    assert (await api.get("/receivers")).json()["total"] == 0


async def test_a_patch_changes_only_what_it_names(api: Any) -> None:
    created = await create(api)
    del created["secret"]
    answer = await patch(api, created, types=[], enabled=False)
    assert {**answer.json(), "updated_at": ""} == {**created, "types": [], "enabled": False, "updated_at": ""}
    moved = await patch(api, created, address="http://127.0.0.1:9/moved")
    assert moved.status_code == 200
    assert opened(await kept(api, created), api.dependencies.cipher).address == "http://127.0.0.1:9/moved"
    refused = await patch(api, created, address="http://nowhere.invalid/")
    assert (refused.status_code, refused.json()["field"]) == (422, "address")
    assert (await patch(api, created, channel="email")).status_code == 422
    assert (await api.get(f"/receivers/{created['id']}")).json() == moved.json()


async def test_a_receiver_that_was_switched_off_for_a_reason_keeps_it_until_it_is_switched_on(api: Any) -> None:
    created = await create(api)
    await api.dependencies.store.receivers.switch_off(api.organization, created["id"], 1, "answered 410")
    assert (await patch(api, created, name="Desk")).json()["disabled_because"] == "answered 410"
    on = (await patch(api, created, enabled=True)).json()
    assert (on["enabled"], on["disabled_because"]) == (True, None)


async def test_a_deleted_receiver_is_gone(api: Any) -> None:
    created = await create(api)
    path = f"{RECEIVERS}/{created['id']}"
    assert (await api.http.delete(path)).status_code == 204
    assert [(await one).status_code for one in (api.http.get(path), api.http.delete(path))] == [404, 404]


async def test_a_sample_goes_through_the_real_channel_signed_and_the_answer_says_what_happened(api: Any) -> None:
    with receiving() as desk:
        created = await create(api, address=desk.url, enabled=False)
        path = f"/receivers/{created['id']}:test"
        taken = await api.post(path, {"type": "escalated"})
        assert taken.json() == {"outcome": "taken", "error": None, "gone": False}
        sample = desk.received[0]
        assert Webhook(created["secret"]).verify(sample.body, sample.headers)["id"] == sample.notice["id"]
        assert sample.notice["type"] == "sla.escalated"
        assert sample.headers["webhook-signature"].startswith("v1,")
        desk.answers += [(503, {}), (410, {})]
        failed, gone = (await api.post(path, {})).json(), (await api.post(path, {})).json()
    name = f"webhook:{created['id']}"
    assert failed == {"outcome": "failed", "error": f"{name} answered 503", "gone": False}
    assert (gone["outcome"], gone["gone"]) == ("refused", True)
    assert (await api.post(path, {"type": "solved"})).json()["field"] == "type"


async def test_after_a_rotation_the_secret_before_it_is_valid_until_the_next(api: Any) -> None:
    with receiving() as desk:
        created = await create(api, address=desk.url)
        first = created["secret"]
        rotated = (await api.post(f"/receivers/{created['id']}:rotate")).json()
        second = rotated["secret"]
        assert (rotated["secrets"], first != second) == (2, True)
        await api.post(f"/receivers/{created['id']}:test", {})
        assert len(desk.received[0].headers["webhook-signature"].split()) == 2
    third = (await api.post(f"/receivers/{created['id']}:rotate")).json()["secret"]
    assert opened(await kept(api, created), api.dependencies.cipher).secrets == (third, second)


async def test_a_channel_that_signs_nothing_has_no_secret_to_show_or_rotate(api: Any) -> None:
    api.use(outlets=LoopbackOutlets(smtp_host="127.0.0.1", smtp_from="sla@example.com"))
    created = await create(api, channel="email", address="ada@example.com")
    assert (created["secret"], created["secrets"]) == (None, 0)
    answer = await api.post(f"/receivers/{created['id']}:rotate")
    assert (answer.status_code, answer.json()["field"]) == (422, "channel")


async def test_a_change_after_a_key_was_put_in_front_needs_the_old_key_no_more(api: Any) -> None:
    created = await create(api)
    new = Fernet.generate_key().decode()
    api.use(cipher=Cipher([new, KEY]))
    assert (await patch(api, created, name="Desk")).status_code == 200
    assert opened(await kept(api, created), Cipher([new])).address == DESK["address"]


async def test_a_receiver_whose_key_is_lost_can_be_given_its_address_anew(api: Any) -> None:
    created = await create(api)
    api.use(cipher=Cipher([Fernet.generate_key().decode()]))
    answer = await api.post(f"/receivers/{created['id']}:test", {})
    assert (answer.status_code, answer.json()["code"]) == (503, "secrets_unreadable")
    assert (await api.get(f"/receivers/{created['id']}")).status_code == 200
    mended = await patch(api, created, address=DESK["address"])
    assert (mended.status_code, mended.json()["secrets"]) == (200, 0)


async def test_only_a_key_with_the_scope_of_an_administrator_says_where_notices_go(api: Any) -> None:
    created = await create(api)
    key = (await api.post("/keys", {"name": "Desk", "scopes": ["sla:read", "sla:write"]})).json()["key"]
    less = {"headers": {"X-API-Key": key}}
    assert (await api.http.get(RECEIVERS, **less)).status_code == 200
    assert (await api.http.post(RECEIVERS, json=DESK, **less)).status_code == 403
    for path in (f"{created['id']}:test", f"{created['id']}:rotate"):
        assert (await api.http.post(f"{RECEIVERS}/{path}", json={}, **less)).status_code == 403
    assert (await api.http.delete(f"{RECEIVERS}/{created['id']}", **less)).status_code == 403
