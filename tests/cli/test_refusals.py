"""What `sla up` refuses, each in one line that names the port or path and the setting, with nothing started."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cli.engine import embedded
from domain.errors import EngineUnavailable
from settings import Settings
from store.schema.migrate import upgrade

from .conftest import Sla, free_ports
from .limits import CANNOT, as_anybody, with_small_files


def refused(sla: Sla, **env: str) -> str:
    finished = sla("up", **env)
    assert finished.returncode == 1, finished
    assert "Traceback" not in finished.stderr
    return finished.stderr.strip()


@pytest.mark.parametrize("name", ["SLA_API_PORT", "SLA_TEMPORAL_PORT", "SLA_TEMPORAL_UI_PORT"])
def test_a_port_in_use_is_named_with_its_setting(sla: Sla, env: dict[str, str], name: str) -> None:
    with socket.create_server(("127.0.0.1", int(env[name]))):
        finished = sla("up")
    message = finished.stderr.strip()
    assert (finished.returncode, finished.stdout) == (1, "")
    assert message == f"port {env[name]} on 127.0.0.1 is in use ({name})"
    assert not (Path(env["SLA_HOME"]) / "temporal.db").exists()


def test_an_address_that_is_not_ours_is_named_with_its_setting(sla: Sla) -> None:
    assert refused(sla, SLA_API_HOST="203.0.113.1") == (
        "address 203.0.113.1 cannot be used: Cannot assign requested address (SLA_API_HOST)"
    )


def test_a_port_that_two_settings_name_is_refused(sla: Sla, env: dict[str, str]) -> None:
    message = refused(sla, SLA_API_PORT=env["SLA_TEMPORAL_PORT"])
    assert message == f"port {env['SLA_TEMPORAL_PORT']} is named by SLA_API_PORT and SLA_TEMPORAL_PORT"


def test_a_home_that_cannot_be_written_is_named(sla: Sla, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = refused(sla, SLA_HOME=str(tmp_path / "file" / "home"))
    assert message.startswith("SLA_HOME: cannot be written")
    assert str(tmp_path / "file" / "home") in message
    assert "\n" not in message


def test_a_temporal_cli_that_is_no_program_is_named(sla: Sla, tmp_path: Path) -> None:
    message = refused(sla, SLA_TEMPORAL_CLI=str(tmp_path / "temporal"))
    assert message == f"SLA_TEMPORAL_CLI: is not an executable file, got '{tmp_path / 'temporal'}'"


def test_a_temporal_cli_that_cannot_serve_is_shown_with_its_last_words(sla: Sla, tmp_path: Path) -> None:
    program = tmp_path / "temporal"
    program.write_text("#!/bin/sh\necho not the program you meant\nexit 3\n")
    program.chmod(0o755)
    message = refused(sla, SLA_TEMPORAL_CLI=str(program))
    assert "the Temporal server did not start (exit code 3)" in message
    assert "not the program you meant" in message


def test_a_start_that_fails_makes_no_key_that_nobody_saw(sla: Sla, env: dict[str, str]) -> None:
    refused(sla, SLA_TEMPORAL_CLI="/bin/false")
    assert not (Path(env["SLA_HOME"]) / "api_key").exists()


def test_an_external_server_that_does_not_answer_is_named(sla: Sla) -> None:
    (port,) = free_ports(1)
    message = refused(sla, TEMPORAL_ADDRESS=f"127.0.0.1:{port}")
    assert message.startswith(f"no Temporal server answers at 127.0.0.1:{port} (TEMPORAL_ADDRESS)")
    assert "\n" not in message


def test_a_database_that_does_not_answer_is_named_without_its_password(sla: Sla) -> None:
    (port,) = free_ports(1)
    message = refused(sla, SLA_DATABASE_URL=f"postgresql://sla:s3cret@127.0.0.1:{port}/sla")
    assert f"127.0.0.1:{port}/sla" in message
    assert message.endswith("(SLA_DATABASE_URL)")
    assert "s3cret" not in message
    assert "\n" not in message


COMMANDS = ("up", "migrate", "worker", "api")
KIB = 1024


@pytest.fixture
def database(settings: Settings) -> Path:
    """That of an engine that has been set up."""
    upgrade(settings.database_url)
    return settings.home / "slakeeper.db"


def garbage(file: Path) -> None:
    file.write_bytes(b"garbage " * KIB)


def last_page(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(-4 * KIB, os.SEEK_END)
        opened.write(b"\xff" * 4 * KIB)


def one_line(finished: subprocess.CompletedProcess[str]) -> str:
    assert (finished.returncode, finished.stdout) == (1, ""), finished
    (line,) = finished.stderr.strip().splitlines()
    return line


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("damage", [garbage, last_page])
def test_a_damaged_store_is_one_line_that_names_it(
    sla: Sla, database: Path, command: str, damage: Callable[[Path], None]
) -> None:
    damage(database)
    line = one_line(sla(command))
    assert str(database) in line
    assert line.endswith("(SLA_DATABASE_URL)")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_store_that_is_read_only_is_one_line_that_names_it(sla: Sla, database: Path, command: str) -> None:
    database.chmod(0o400)
    finished = sla(command, before=as_anybody)
    if finished.returncode == CANNOT:
        pytest.skip("THE SUPERUSER MAY WRITE EVERYWHERE and cannot give that up here")
    line = one_line(finished)
    assert str(database) in line
    assert "readonly" in line
    assert line.endswith("(SLA_DATABASE_URL)")


@pytest.mark.parametrize("command", ["up", "migrate"])
def test_a_store_that_cannot_grow_is_one_line_that_names_it(sla: Sla, env: dict[str, str], command: str) -> None:
    line = one_line(sla(command, before=with_small_files))
    assert str(Path(env["SLA_HOME"]) / "slakeeper.db") in line
    assert line.endswith("(SLA_DATABASE_URL)")


@pytest.mark.parametrize("command", ["worker", "api"])
def test_a_part_on_its_own_says_in_one_line_that_the_folder_of_the_store_is_not_there(
    sla: Sla, tmp_path: Path, command: str
) -> None:
    line = one_line(sla(command, SLA_DATABASE_URL=f"sqlite:///{tmp_path / 'gone' / 'slakeeper.db'}"))
    assert str(tmp_path / "gone") in line
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("damage", [garbage, last_page])
def test_a_damaged_database_of_the_temporal_server_is_one_line_that_names_it(
    sla: Sla, database: Path, damage: Callable[[Path], None]
) -> None:
    file = database.with_name("temporal.db")
    with closing(sqlite3.connect(file)) as conn:
        conn.executescript("CREATE TABLE t (c); CREATE INDEX i ON t (c); PRAGMA journal_mode = wal")
    damage(file)
    line = one_line(sla("up"))
    assert line.startswith(f"the Temporal server's database {file} cannot be used:")
    assert line.endswith("(SLA_HOME)")


def test_a_disk_that_is_nearly_full_is_named_before_a_server_starts_on_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.home.mkdir()
    embedded.require_database(settings)
    monkeypatch.setattr(embedded, "ROOM", shutil.disk_usage(settings.home).total + 1)
    with pytest.raises(EngineUnavailable, match=rf"the disk of {settings.home} has \d+ MiB left.*\(SLA_HOME\)"):
        embedded.require_database(settings)


def test_an_api_key_for_no_server_is_refused(sla: Sla) -> None:
    assert refused(sla, TEMPORAL_API_KEY="0123456789").startswith("TEMPORAL_ADDRESS: must name the server")


def test_a_bad_setting_is_one_line(sla: Sla) -> None:
    assert refused(sla, SLA_API_PORT="99999") == "SLA_API_PORT: must be less than or equal to 65535, got '99999'"


def test_a_key_for_another_database_is_kept_in_a_home_that_is_made_for_it(
    sla: Sla, env: dict[str, str], tmp_path: Path
) -> None:
    finished = sla("migrate", SLA_DATABASE_URL=f"sqlite:///{tmp_path / 'elsewhere.db'}")
    assert finished.returncode == 0, finished.stderr
    assert (Path(env["SLA_HOME"]) / "api_key").read_text().strip() in finished.stdout


def test_the_command_explains_itself(sla: Sla) -> None:
    listed = sla("--help").stdout
    for command in ("up", "worker", "api", "migrate", "version"):
        assert command in listed
    assert "Ctrl-C stops it" in sla("up", "--help").stdout


def test_the_version_is_printed(sla: Sla) -> None:
    assert sla("version").stdout.startswith("slakeeper ")
