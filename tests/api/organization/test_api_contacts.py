from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from standardwebhooks import Webhook

from service.tools.ciphers import Cipher
from tests.support.outlets import KEY, LoopbackOutlets
from tests.support.peers.receiver import receiving

TOKEN = "T0p5ecret"
HOOK = {"channel": "webhook", "address": f"http://127.0.0.1:9/{TOKEN}"}
ADA = {"name": "Ada Lovelace", "timezone": "Europe/London", "addresses": [HOOK]}
CONTACTS = "/api/v2/sla/contacts"


async def create(api: Any, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/contacts", {**ADA, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def patch(api: Any, contact: dict[str, Any], headers: dict[str, str] | None = None, **changes: Any) -> Any:
    return await api.http.patch(f"{CONTACTS}/{contact['id']}", json=changes, headers=headers)


def names(contact: dict[str, Any]) -> list[str]:
    return [one["id"] for one in contact["addresses"]]


async def test_a_contact_comes_back_as_it_was_given_but_its_addresses_never_do(api: Any, tmp_path: Path) -> None:
    answer = await api.post("/contacts", ADA)
    created = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{CONTACTS}/{created['id']}")
    assert answer.headers["cache-control"] == "no-store"
    secret = created["addresses"][0].pop("secret")
    assert secret.startswith("whsec_")
    assert created["addresses"] == [
        {"id": f"webhook:{created['id']}", "channel": "webhook", "secrets": 1, "gone": None}
    ]
    found = await api.get(f"/contacts/{created['id']}")
    assert (found.json(), found.headers["etag"]) == (created, answer.headers["etag"])
    listed = await api.get("/contacts")
    assert (listed.json()["data"], listed.json()["total"]) == ([created], 1)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        dump = "\n".join(connection.iterdump())
    assert "Ada Lovelace" in dump
    for hidden in (TOKEN, secret):
        assert hidden not in dump + found.text + listed.text


async def test_a_group_has_persons_as_members_who_cannot_go_meanwhile(api: Any) -> None:
    ada = await create(api)
    group = await create(api, name="Desk", kind="group", members=[ada["id"]], addresses=[])
    nested = await api.post("/contacts", {"name": "All", "kind": "group", "members": [group["id"]]})
    assert (nested.status_code, nested.json()["field"]) == (422, "members[0]")
    assert (await patch(api, ada, kind="group")).status_code == 409
    assert (await api.http.delete(f"{CONTACTS}/{ada['id']}")).status_code == 409
    assert (await patch(api, group, members=[])).status_code == 200
    assert (await api.http.delete(f"{CONTACTS}/{ada['id']}")).status_code == 204
    assert (await api.get(f"/contacts/{ada['id']}")).status_code == 404


async def test_addresses_are_replaced_as_a_whole_and_one_that_stays_is_named_by_its_id(api: Any) -> None:
    ada = await create(api)
    first = f"webhook:{ada['id']}"
    other = {"channel": "webhook", "address": "http://127.0.0.1:9/other"}
    two = (await patch(api, ada, addresses=[other, {"id": first}])).json()
    assert names(two) == [f"{first}.2", first]
    assert [one["secret"] is None for one in two["addresses"]] == [False, True]
    # Nothing is said of addresses, and nothing becomes of them.
    assert names((await patch(api, ada, name="Countess")).json()) == [f"{first}.2", first]
    refused = await patch(api, ada, addresses=[{"id": "webhook:con_other"}])
    assert (refused.status_code, refused.json()["field"]) == (422, "addresses[0].id")
    assert names((await patch(api, ada, addresses=[{"id": f"{first}.2"}])).json()) == [f"{first}.2"]


async def test_a_change_is_made_of_the_version_that_was_seen_and_of_no_other(api: Any) -> None:
    ada = await create(api)
    tag = (await api.get(f"/contacts/{ada['id']}")).headers["etag"]
    same = await api.http.get(f"{CONTACTS}/{ada['id']}", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")
    changed = await patch(api, ada, {"If-Match": tag}, timezone=None)
    assert (changed.status_code, changed.json()["version"]) == (200, 2)
    late = await patch(api, ada, {"If-Match": tag}, timezone="UTC")
    assert (late.status_code, late.json()["value"]) == (412, changed.headers["etag"])
    gone = await api.http.delete(f"{CONTACTS}/{ada['id']}", headers={"If-Match": tag})
    assert gone.status_code == 412


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("addresses[0].channel", {"addresses": [{"channel": "pigeon", "address": "x"}]}),
        ("addresses[0].channel", {"addresses": [{"channel": "email", "address": "ada@example.com"}]}),
        ("addresses[0].address", {"addresses": [{"channel": "webhook", "address": f"ftp://127.0.0.1/{TOKEN}"}]}),
        (
            "addresses[1].address",
            {"addresses": [HOOK, {"channel": "webhook", "address": f"http://no.invalid/{TOKEN}"}]},
        ),
        ("addresses[0].address", {"addresses": [{"channel": "webhook", "address": 5}]}),
        ("addresses[1]", {"addresses": [HOOK, HOOK]}),
        ("timezone", {"timezone": "Mars/Base"}),
        ("members", {"members": ["con_other"]}),
        ("members[0]", {"kind": "group", "members": ["con_other"]}),
        ("kind", {"kind": "robot"}),
        ("name", {"name": ""}),
    ],
)
async def test_what_is_no_contact_is_refused_by_its_field(api: Any, field: str, given: dict[str, Any]) -> None:
    answer = await api.post("/contacts", {**ADA, **given})
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert TOKEN not in answer.text


async def test_a_private_address_is_refused(api: Any) -> None:
    api.use(outlets=LoopbackOutlets(allow_private=False))
    answer = await api.post("/contacts", ADA)
    assert (answer.status_code, answer.json()["code"]) == (422, "address_forbidden")
    assert TOKEN not in answer.text


async def test_a_secret_is_rotated_and_a_sample_bears_both_signatures(api: Any) -> None:
    with receiving() as desk:
        ada = await create(api, addresses=[{"channel": "webhook", "address": desk.url}])
        [address] = ada["addresses"]
        turned = await api.post(f"/contacts/{ada['id']}:rotate", {"address": address["id"]})
        assert turned.json()["addresses"][0]["secrets"] == 2
        tried = await api.post(f"/contacts/{ada['id']}:test", {})
        assert tried.json()["data"] == [{"address": address["id"], "outcome": "taken", "error": None, "gone": False}]
        [sample] = desk.received
    for secret in (address["secret"], turned.json()["addresses"][0]["secret"]):
        Webhook(secret).verify(sample.body, sample.headers)
    wrong = await api.post(f"/contacts/{ada['id']}:rotate", {"address": "email:x"})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "address")


async def test_an_address_that_is_gone_is_shown_so_until_it_takes_a_sample(api: Any) -> None:
    with receiving() as desk:
        ada = await create(api, addresses=[{"channel": "webhook", "address": desk.url}])
        contacts = api.dependencies.contacts
        stored = await contacts.kept.get(api.organization, ada["id"])
        [address] = stored.sealed.mapped(contacts.cipher.decrypted).addresses
        moved = replace(address, address="https://hooks.example.com/moved")
        for one, gone in ((moved, None), (address, "answered 410")):
            await contacts.mark(api.organization, ada["id"], one, "answered 410")
            shown = (await api.get(f"/contacts/{ada['id']}")).json()
            assert shown["addresses"][0]["gone"] == gone
        desk.answers = [(410, {})]
        for outcome, gone in (("refused", "answered 410"), ("taken", None)):
            [tried] = (await api.post(f"/contacts/{ada['id']}:test", {})).json()["data"]
            shown = (await api.get(f"/contacts/{ada['id']}")).json()
            assert (tried["outcome"], shown["addresses"][0]["gone"]) == (outcome, gone)


async def test_with_a_key_that_is_lost_a_contact_is_listed_and_addresses_given_anew_mend_it(api: Any) -> None:
    ada = await create(api)
    api.use(cipher=Cipher([Fernet.generate_key().decode()]))
    assert (await api.get(f"/contacts/{ada['id']}")).status_code == 200
    assert (await patch(api, ada, name="Countess")).status_code == 200
    assert (await api.post(f"/contacts/{ada['id']}:test", {})).status_code == 503
    mended = await patch(api, ada, addresses=[HOOK])
    assert mended.json()["addresses"][0]["secret"].startswith("whsec_")


async def test_a_change_encrypts_with_the_key_that_is_first_now(api: Any) -> None:
    ada = await create(api)
    new = Fernet.generate_key().decode()
    api.use(cipher=Cipher([new, KEY]))
    await patch(api, ada, name="Countess")
    stored = await api.dependencies.store.contacts.get(api.organization, ada["id"])
    assert TOKEN in stored.sealed.mapped(Cipher([new]).decrypted).addresses[0].address


async def test_contacts_are_changed_by_those_who_may_make_keys(api: Any) -> None:
    ada = await create(api)
    key = (await api.post("/keys", {"name": "Desk", "scopes": ["sla:read", "sla:write"]})).json()["key"]
    less: dict[str, Any] = {"headers": {"X-API-Key": key}}
    assert (await api.http.get(CONTACTS, **less)).status_code == 200
    assert (await api.http.post(CONTACTS, json=ADA, **less)).status_code == 403
    for path in (f"{ada['id']}:test", f"{ada['id']}:rotate"):
        assert (await api.http.post(f"{CONTACTS}/{path}", json={}, **less)).status_code == 403
    assert (await api.http.delete(f"{CONTACTS}/{ada['id']}", **less)).status_code == 403


async def test_a_policy_says_whom_it_names_in_vain_until_they_are_there(api: Any) -> None:
    named = {"trigger": "breached", "actions": [{"type": "notify_contact", "contact": "Ada Lovelace"}]}
    created = await api.post("/policies", {"name": "Quick", "escalations": [named]})
    lint = {
        "field": "escalations[0].actions[0].contact",
        "value": "Ada Lovelace",
        "reason": "no contact is known as Ada Lovelace",
    }
    assert (created.status_code, created.json()["lints"]) == (201, [lint])
    [listed] = (await api.get("/policies")).json()["data"]
    assert listed["lints"] == [lint]
    ada = await create(api)
    path = f"/api/v2/sla/policies/{created.json()['id']}"
    # The tag is that of the policy, which has not changed.
    seen = await api.http.get(path, headers={"If-None-Match": created.headers["etag"]})
    assert (seen.status_code, seen.json()["lints"]) == (200, [])
    await patch(api, ada, addresses=[])
    assert (await api.http.get(path)).json()["lints"] == [{**lint, "reason": "Ada Lovelace has no address"}]
