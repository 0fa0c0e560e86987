"""Every setting, its default, and what a person reads when a value cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import InvalidValue
from settings import Settings


@pytest.fixture(autouse=True)
def _plain(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in env:
        monkeypatch.delenv(name)


def test_every_default_works_embedded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.load()
    assert settings.home == tmp_path / ".sla"
    assert (settings.api_port, settings.temporal_port, settings.temporal_ui_port) == (8080, 7233, 8233)
    assert settings.database_url == f"sqlite+pysqlite:///{tmp_path}/.sla/slakeeper.db"
    assert (settings.api_host, settings.task_queue) == ("127.0.0.1", "sla")
    assert (settings.api_key, settings.webhook_urls, settings.temporal_cli) == (None, (), None)


def test_the_database_follows_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLA_HOME", "/var/lib/sla")
    assert Settings.load().database_url == "sqlite+pysqlite:////var/lib/sla/slakeeper.db"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_postgresql_url_gets_its_driver_and_keeps_its_password(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("SLA_DATABASE_URL", f"{scheme}://sla:s3cret@db:5432/sla")
    assert Settings.load().database_url == "postgresql+psycopg://sla:s3cret@db:5432/sla"


def test_webhook_urls_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLA_WEBHOOK_URLS", "https://a.example/x, http://127.0.0.1:9000 ,")
    assert Settings.load().webhook_urls == ("https://a.example/x", "http://127.0.0.1:9000")


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SLA_API_KEY", "SLA_API_PORT", "SLA_DATABASE_URL"):
        monkeypatch.setenv(name, "")
    assert Settings.load().api_port == 8080


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SLA_API_PORT", "0"),
        ("SLA_TEMPORAL_PORT", "65536"),
        ("SLA_TEMPORAL_UI_PORT", "http"),
        ("SLA_WEBHOOK_URLS", "ftp://example.com"),
        ("SLA_WEBHOOK_URLS", "http://ok.example,nonsense"),
        ("SLA_DATABASE_URL", "mysql://db/sla"),
        ("SLA_DATABASE_URL", "sqlite://"),
        ("SLA_DATABASE_URL", "nonsense"),
        ("SLA_LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_one_line_that_names_variable_and_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidValue) as refused:
        Settings.load()
    assert refused.value.field == name
    assert value in refused.value.message
    assert "\n" not in refused.value.message


def test_a_short_api_key_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLA_API_KEY", "fifteen-letters")
    with pytest.raises(InvalidValue) as refused:
        Settings.load()
    assert refused.value.message == "SLA_API_KEY: must have at least 16 characters, got '15 characters'"
    monkeypatch.setenv("SLA_API_KEY", "sixteen--letters")
    assert "sixteen" not in repr(Settings.load())


def test_a_database_password_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLA_DATABASE_URL", "mysql://sla:s3cret@db/sla")
    with pytest.raises(InvalidValue) as refused:
        Settings.load()
    assert "s3cret" not in refused.value.message
