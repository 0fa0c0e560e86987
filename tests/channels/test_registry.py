"""Every channel that the settings ask for is there, each under a name of its own that carries no secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from channels.registry import CHANNELS, configured
from domain.record.records import LOG

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Asked:
    webhook_urls: tuple[str, ...] = ()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as opened:
        yield opened


async def test_without_settings_notices_go_to_the_log_alone(client: httpx.AsyncClient) -> None:
    assert [channel.name for channel in configured(Asked(), client)] == [LOG]


async def test_every_receiver_is_a_channel_of_its_own_behind_the_log(client: httpx.AsyncClient) -> None:
    asked = Asked(("https://hooks.example.com/s3cret", "https://backup.example.com/s3cret"))
    names = [channel.name for channel in configured(asked, client)]
    assert names[0] == LOG
    assert [name.partition("#")[0] for name in names[1:]] == ["webhook:hooks.example.com", "webhook:backup.example.com"]
    assert not any("s3cret" in name for name in names)


async def test_a_channel_has_the_same_name_after_a_restart(client: httpx.AsyncClient) -> None:
    asked = Asked(("https://hooks.example.com/s3cret",))
    first, second = ([channel.name for channel in configured(asked, client)] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_has_a_file_a_test_and_a_row_for_people(name: str) -> None:
    assert (ROOT / "channels" / f"{name}.py").is_file(), f"channels/{name}.py is missing"
    tests = [path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    assert any(f"channels.{name}" in text for text in tests), f"no test in tests/channels/ imports channels.{name}"
    assert f"| `{name}` |" in (ROOT / "docs" / "notices.md").read_text(), f"docs/notices.md has no row for {name}"
