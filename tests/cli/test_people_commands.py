"""`sla contacts` and `sla on-call`: whom escalations reach, without their addresses."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from domain.people.addresses import Given, numbered
from domain.people.contacts import Contact
from domain.people.on_call import OnCall
from domain.record.receivers import Receiver
from service.tools.ciphers import KEY_FILE, Cipher, KeptCipher
from store.people.on_calls import SealedFeed
from store.rules.receivers import Sealed
from store.schema.migrate import upgrade
from store.store import Store
from tests.support.outlets import KEY

RUNNER = CliRunner()
TURNS = {"members": ["con_ada"], "shift": {"days": 7}, "start": "2026-03-02"}


async def furnish(url: str, home: Path) -> None:
    store = Store.open(url)
    ada = Contact.from_json({"id": "con_ada", "name": "Ada"}, numbered([Given("email", "ada@example.com")], "con_ada"))
    await store.contacts.create("default", ada.mapped(KeptCipher(home).encrypted))
    nights = OnCall.from_json({"id": "onc_1", "name": "Nights", "timezone": "UTC", "rotation": TURNS})
    await store.on_calls.create("default", nights, None)
    await store.close()


@pytest.fixture
def sla(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    for name in [name for name in os.environ if name.startswith("SLA_")]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("SLA_HOME", str(home))
    home.mkdir()
    url = f"sqlite:///{home / 'slakeeper.db'}"
    upgrade(url)
    asyncio.run(furnish(url, home))

    def run(*words: str) -> str:
        result = RUNNER.invoke(app, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_contacts_are_listed_with_the_names_of_their_addresses(sla: Callable[..., str]) -> None:
    listed = sla("contacts", "list")
    assert listed.splitlines()[1].split() == ["con_ada", "person", "Ada", "email:con_ada"]
    assert "ada@example.com" not in listed
    [row] = json.loads(sla("contacts", "list", "--json"))
    assert (row["id"], row["addresses"], row["gone"]) == ("con_ada", ["email:con_ada"], [])


def test_on_calls_are_listed_with_whoever_has_it_now(sla: Callable[..., str]) -> None:
    assert sla("on-call", "list").splitlines()[1].split() == ["onc_1", "Nights", "rotation", "UTC", "Ada"]
    [row] = json.loads(sla("on-call", "list", "--json"))
    assert (row["now"], row["until"], row["error"]) == (["Ada"], None, None)


def test_all_that_is_encrypted_is_encrypted_anew_by_one_command(
    sla: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contacts, feeds, receivers and ticket systems; then the old key opens none of them, and that is said of each."""
    home = tmp_path / "home"
    store_url, old, new = f"sqlite:///{home / 'slakeeper.db'}", (home / KEY_FILE).read_text().strip(), KEY
    source = json.loads(sla("sources", "add", "github", "--json"))["id"]
    asyncio.run(more_secrets(store_url, Cipher([old])))
    monkeypatch.setenv("SLA_SECRET_KEY", f"{new},{old}")
    assert sla("reencrypt") == "encrypted anew: 1 receiver(s), 1 source(s), 1 contact(s), 1 on-call(s)\n"
    monkeypatch.setenv("SLA_SECRET_KEY", new)
    assert sla("reencrypt") == "encrypted anew: 1 receiver(s), 1 source(s), 1 contact(s), 1 on-call(s)\n"
    monkeypatch.setenv("SLA_SECRET_KEY", old)
    refused = RUNNER.invoke(app, ["reencrypt"])
    assert refused.exit_code == 1
    for id_ in ("rcv_desk", source, "con_ada", "onc_feed"):
        assert f"{id_} of default" in str(refused.exception)


async def more_secrets(url: str, cipher: Cipher) -> None:
    store = Store.open(url)
    address = Sealed(cipher.encrypted("https://hooks.example.com/x"), (cipher.encrypted("whsec_x"),))
    await store.receivers.create("default", Receiver("rcv_desk", "Desk", "webhook"), address)
    fed = OnCall.from_json({"id": "onc_feed", "name": "Fed", "timezone": "UTC"})
    feed = SealedFeed(cipher.encrypted("https://calendar.example.com/x"), cipher.encrypted("BEGIN:VCALENDAR"))
    await store.on_calls.create("default", fed, feed)
    await store.close()
