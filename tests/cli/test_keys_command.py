"""`sla keys` and `sla organizations`, on a store of their own."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli import main
from store.access.keys import KeyOwner
from store.schema.migrate import upgrade
from store.store import Store

from .conftest import Sla, free_ports


@dataclass(frozen=True)
class Finished:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Finished]


@pytest.fixture
def run(env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process, which is quicker than starting one."""

    def run_one(*arguments: str, **more: str) -> Finished:
        monkeypatch.setattr(sys, "argv", ["sla", *arguments])
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main.run()
        return Finished(code, *capsys.readouterr())

    return run_one


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "slakeeper.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def database_url(env: dict[str, str], empty_store: Path) -> str:
    """Of a store with its tables."""
    path = Path(env["SLA_HOME"]) / "slakeeper.db"
    path.parent.mkdir()
    shutil.copy(empty_store, path)
    return f"sqlite:///{path}"


def done(run: Run | Sla, *arguments: str) -> str:
    finished = run(*arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def refused(run: Run, *arguments: str, **env: str) -> str:
    finished = run(*arguments, **env)
    assert (finished.returncode, finished.stdout) == (1, ""), finished
    (line,) = finished.stderr.strip().splitlines()
    return line


def owner_of(database_url: str, key: str) -> KeyOwner | None:
    async def verify() -> KeyOwner | None:
        store = Store.open(database_url)
        try:
            return await store.keys.verify(key)
        finally:
            await store.close()

    return asyncio.run(verify())


def test_a_key_is_made_shown_once_listed_and_revoked(sla: Sla, database_url: str) -> None:
    key = done(sla, "keys", "create", "--name", "help [red]desk\x1b[2J", "--scope", "sla:read", "--scope", "sla:admin")
    assert key.startswith("ak_live_")
    owner = owner_of(database_url, key)
    assert owner is not None
    assert (owner.organization, owner.scopes) == ("default", ("sla:read", "sla:admin"))

    listed = done(sla, "keys", "list")
    (line,) = [line for line in listed.splitlines() if owner.id in line]
    assert key not in listed
    assert key[:10] in line
    assert "help [red]desk�[2J" in line
    assert "sla:read sla:admin" in line
    assert len(re.findall(r"\w{3} \d{4}-\d\d-\d\d [\d:]{8}\+00:00", line)) == 1

    assert done(sla, "keys", "revoke", owner.id).startswith(f"revoked {owner.id}")
    assert owner_of(database_url, key) is None
    (line,) = [line for line in done(sla, "keys", "list").splitlines() if owner.id in line]
    assert len(re.findall(r"\w{3} \d{4}-\d\d-\d\d [\d:]{8}\+00:00", line)) == 2


def test_a_key_reads_and_writes_unless_told_otherwise(run: Run, database_url: str) -> None:
    owner = owner_of(database_url, done(run, "keys", "create"))
    assert owner is not None
    assert owner.scopes == ("sla:read", "sla:write")


def test_an_organization_is_made_before_its_keys(run: Run, database_url: str) -> None:
    message = refused(run, "keys", "create", "--organization", "acme")
    assert message == "organization 'acme' does not exist; `sla organizations create` makes one"
    done(run, "organizations", "create", "acme", "--plan", "starter", "--timezone", "Europe/Berlin")
    owner = owner_of(database_url, done(run, "keys", "create", "--organization", "acme"))
    assert owner is not None
    assert (owner.organization, owner.subscription) == ("acme", "starter")
    (line,) = [one for one in done(run, "keys", "list", "--organization", "acme").splitlines() if owner.id in one]
    assert re.search(r" [\d:]{8}\+0[12]:00", line)
    assert owner.id not in done(run, "keys", "list")


def test_an_organization_is_listed_and_changed(run: Run, database_url: str) -> None:
    done(run, "organizations", "create", "acme")
    done(run, "organizations", "set", "acme", "--name", "Acme Ltd", "--plan", "professional")
    done(run, "organizations", "set", "acme", "--timezone", "Asia/Tokyo")
    done(run, "organizations", "set", "acme", "--quiet-before", "2026-03-01T00:00:00Z")
    acme, default = done(run, "organizations", "list").splitlines()[1:]
    quiet = "2026-03-01T00:00:00Z"
    assert re.split(r"  +", acme) == ["acme", "Acme Ltd", "professional", "Asia/Tokyo", "bh_default", quiet]
    assert re.split(r"  +", default) == ["default", "default", "enterprise", "UTC", "bh_default", "never"]
    done(run, "organizations", "set", "acme", "--quiet-before", "never")
    assert done(run, "organizations", "list").splitlines()[1].endswith("never")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("keys revoke key_1", "there is no API key 'key_1'"),
        ("keys list --organization nobody", "organization 'nobody' does not exist"),
        (
            "keys create --scope sla:read --scope sla:fly",
            "--scope[1]: must be one of sla:read, sla:write, sla:admin, got 'sla:fly'",
        ),
        ("organizations create default", "organization 'default' exists already"),
        (
            "organizations create a/b",
            "organization: must be 1 to 64 letters, digits, dots, dashes or underscores, got 'a/b'",
        ),
        ("organizations set nobody --plan starter", "organization 'nobody' does not exist"),
        (
            "organizations set default --plan gold",
            "--plan: must be one of starter, professional, enterprise, got 'gold'",
        ),
        (
            "organizations set default --quiet-before soon",
            "--quiet-before: must be an ISO 8601 date and time with a UTC offset, got 'soon'",
        ),
        (
            "organizations set default --timezone Mars",
            "timezone: must be the name of an IANA time zone such as Europe/Berlin, got 'Mars'",
        ),
    ],
)
def test_what_is_refused_is_named_in_one_line(run: Run, database_url: str, command: str, message: str) -> None:
    assert refused(run, *command.split()) == message


@pytest.mark.parametrize("command", ["keys create", "keys list", "keys revoke key_1", "organizations list"])
def test_a_store_without_tables_is_named_with_what_makes_them(
    run: Run, env: dict[str, str], tmp_path: Path, command: str
) -> None:
    (tmp_path / "empty.db").touch()
    message = refused(run, *command.split(), SLA_DATABASE_URL=f"sqlite:///{tmp_path / 'empty.db'}")
    assert str(tmp_path / "empty.db") in message
    assert "SLA_DATABASE_URL" in message
    assert "`sla migrate`" in message


def test_a_store_that_there_is_not_is_named_with_the_home_that_it_is_looked_for_in(
    run: Run, env: dict[str, str], tmp_path: Path
) -> None:
    message = refused(run, "keys", "list", SLA_HOME=str(tmp_path / "elsewhere"), SLA_DATABASE_URL="")
    assert f"SLA_HOME is {tmp_path / 'elsewhere'}" in message
    assert "`sla migrate`" in message


def test_a_store_that_does_not_answer_is_named_without_its_password(run: Run) -> None:
    (port,) = free_ports(1)
    message = refused(run, "keys", "list", SLA_DATABASE_URL=f"postgresql://sla:s3cret@127.0.0.1:{port}/sla")
    assert f"127.0.0.1:{port}/sla" in message
    assert "SLA_DATABASE_URL" in message
    assert "s3cret" not in message


def test_a_generated_key_that_was_revoked_stays_revoked_and_is_told_of(run: Run, database_url: str) -> None:
    assert run("migrate").returncode == 0
    (generated,) = [line.split()[0] for line in done(run, "keys", "list").splitlines()[1:]]
    done(run, "keys", "revoke", generated)
    again = run("migrate")
    assert again.returncode == 0
    assert "has been revoked; `sla keys create` makes another one" in again.stderr
    assert "ak_live_" not in again.stdout
    assert owner_of(database_url, done(run, "keys", "create")) is not None


def test_lists_are_documents_where_they_are_asked_to_be(run: Run, database_url: str) -> None:
    run("organizations", "create", "acme", "--timezone", "Europe/Berlin", SLA_DATABASE_URL=database_url)
    run("keys", "create", "--organization", "acme", "--name", "desk", SLA_DATABASE_URL=database_url)
    listed = [
        json.loads(run(*command, "--json", SLA_DATABASE_URL=database_url).stdout)
        for command in (["organizations", "list"], ["keys", "list", "--organization", "acme"], ["channels", "list"])
    ]
    organizations, keys, channels = listed
    assert [(one["id"], one["timezone"], one["quiet_before"]) for one in organizations][:1] == [
        ("acme", "Europe/Berlin", None)
    ]
    assert [(one["name"], one["scopes"], one["revoked_at"]) for one in keys] == [
        ("desk", ["sla:read", "sla:write"], None)
    ]
    assert {"webhook", "email"} <= {one["channel"] for one in channels}
