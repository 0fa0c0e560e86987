"""`sla deliveries` and `sla receivers`, on the store itself."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from cli.main import app
from domain.record.receivers import Receiver
from domain.record.records import DEAD
from service.receivers import opened
from service.tools.ciphers import Cipher
from store.rules.receivers import Sealed
from store.schema.migrate import upgrade
from store.store import Store
from tests.store.deliveries.test_the_log import in_vain, sent, told

RUNNER = CliRunner()
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
ADDRESS = "https://hooks.example.com/T0p5ecret"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in [name for name in os.environ if name.startswith("SLA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SLA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SLA_SECRET_KEY", OLD)
    (tmp_path / "home").mkdir()
    url = f"sqlite:///{tmp_path / 'home' / 'slakeeper.db'}"
    upgrade(url)
    asyncio.run(furnished(url))
    return url


async def furnished(url: str) -> None:
    store, cipher = Store.open(url), Cipher([OLD])
    await store.organizations.ensure("other")
    for organization in ("default", "other"):
        sealed = Sealed(cipher.encrypted(ADDRESS), (cipher.encrypted("whsec_x"),))
        await store.receivers.create(organization, Receiver("rcv_desk", f"Desk\a of {organization}", "webhook"), sealed)
    await told(store, sent({"id": ""}, status=DEAD), subject="41")
    await store.attempts.add([in_vain(await told(store, subject="42"), 3)])
    await store.close()


@pytest.fixture
def sla(url: str) -> Callable[..., str]:
    def run(*words: str, code: int = 0) -> str:
        result = RUNNER.invoke(app, words)
        assert result.exit_code == code, result.output
        return result.output if code == 0 else str(result.exception)

    return run


def test_the_log_is_listed_newest_first(sla: Callable[..., str]) -> None:
    head, *lines = sla("deliveries", "list").splitlines()
    assert head.split() == ["fired_at", "state", "channel", "attempts", "notice_id", "escalation", "error"]
    assert [line.split()[1:4] for line in lines] == [
        ["retried", "webhook:rcv_desk", "3"],
        ["dead", "webhook:rcv_desk", "1"],
    ]
    [line] = sla("deliveries", "list", "--state", "dead", "--json").splitlines()
    assert (json.loads(line)["ticket_id"], json.loads(line)["error"]) == ("41", "answered 400")
    assert sla("deliveries", "list", "--ticket", "43", "--json") == ""
    assert len(sla("deliveries", "list", "--limit", "1", "--json").splitlines()) == 1


@pytest.mark.parametrize(
    "wrong", [("--state", "lost"), ("--since", "now"), ("--ticket", ""), ("--organization", "nobody")], ids=str
)
def test_what_makes_no_sense_is_named(sla: Callable[..., str], wrong: tuple[str, str]) -> None:
    assert wrong[0].strip("-")[:5] in sla("deliveries", "list", *wrong, code=1)


def test_receivers_are_listed_without_their_addresses(sla: Callable[..., str]) -> None:
    listed = sla("receivers", "list")
    assert "Desk\N{REPLACEMENT CHARACTER} of default" in listed
    assert "T0p5ecret" not in listed
    [row] = json.loads(sla("receivers", "list", "--json", "--organization", "other"))
    assert (row["id"], row["secrets"], row["enabled"]) == ("rcv_desk", 1, True)
    assert "address" not in row


def test_the_key_that_encrypts_addresses_is_changed(
    sla: Callable[..., str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLA_SECRET_KEY", f"{NEW},{OLD}")
    assert sla("receivers", "reencrypt") == "encrypted anew: 2 receiver(s)\n"

    async def kept() -> list[str]:
        store = Store.open(url)
        found = [await store.receivers.get(organization, "rcv_desk") for organization in ("default", "other")]
        await store.close()
        return [opened(one, Cipher([NEW])).address for one in found]

    assert asyncio.run(kept()) == [ADDRESS, ADDRESS]
    monkeypatch.setenv("SLA_SECRET_KEY", OLD)
    unread = sla("receivers", "reencrypt", code=1)
    assert "rcv_desk of default, rcv_desk of other" in unread
