"""Every channel that the settings ask for is there, each under a name of its own that carries no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from channels.channel import Destination
from channels.outgoing.guard import Guard
from channels.registry import CHANNELS, check, configured, open_channel
from channels.webhook import new_secret
from domain.errors import InvalidValue
from domain.record.records import LOG
from settings import Settings
from tests.support.peers.outside import reaching

ROOT = Path(__file__).parents[2]
URLS = "https://hooks.example.com/s3cret,https://backup.example.com/s3cret"
RECEIVING = [name for name, kind in CHANNELS.items() if kind.open is not None]


async def test_without_settings_notices_go_to_the_log_alone() -> None:
    async with reaching() as outside:
        assert [channel.name for channel in configured(outside)] == [LOG]


async def test_every_receiver_is_a_channel_of_its_own_behind_the_log_with_the_same_name_after_a_restart() -> None:
    async with reaching(webhook_urls=URLS) as outside:
        names, again = ([channel.name for channel in configured(outside)] for _ in range(2))
    assert names[0] == LOG
    assert [name.partition("#")[0] for name in names[1:]] == ["webhook:hooks.example.com", "webhook:backup.example.com"]
    assert not any("s3cret" in name for name in names)
    assert names == again


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_has_a_file_a_test_and_a_row_for_people(name: str) -> None:
    assert (ROOT / "channels" / f"{name}.py").is_file(), f"channels/{name}.py is missing"
    tests = [path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    assert any(f"channels.{name}" in text for text in tests), f"no test in tests/channels/ imports channels.{name}"
    assert f"| `{name}` |" in (ROOT / "docs" / "notices.md").read_text(), f"docs/notices.md has no row for {name}"


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_reads_settings_that_there_are(name: str) -> None:
    kind = CHANNELS[name]
    assert set(kind.needs) <= set(kind.settings) <= {f"SLA_{setting.upper()}" for setting in Settings.model_fields}


@pytest.mark.parametrize("name", RECEIVING)
def test_the_page_of_receivers_says_what_a_channel_needs(name: str) -> None:
    kind = CHANNELS[name]
    (row,) = [
        line for line in (ROOT / "docs/receivers.md").read_text().splitlines() if line.startswith(f"| `{name}` |")
    ]
    told = (
        kind.address,
        f"`{kind.example}`",
        *(f"`{need}`" for need in kind.needs),
        *(f"`{one}`" for one in kind.parts),
    )
    assert [what for what in told if str(what) not in row] == []
    assert (f"`[{kind.extra}]`" in row) == (kind.extra is not None)


@pytest.mark.parametrize("name", RECEIVING)
async def test_an_example_of_an_address_is_one_that_is_taken(name: str) -> None:
    """Whatever host it names."""

    async def resolve(host: str, port: int) -> list[str]:
        return ["8.8.8.8"]

    example = CHANNELS[name].example or ""
    server: dict[str, Any] = {"smtp_host": "127.0.0.1", "smtp_from": "sla@example.com"}
    async with reaching(guard=Guard(resolve=resolve), **server) as outside:
        await check(name, Destination(example), outside)
        assert open_channel(name, Destination(example, id="rcv_1"), outside).name == f"{name}:rcv_1"


@pytest.mark.parametrize(
    ("kind", "destination", "field", "reason"),
    [
        ("log", Destination("x"), "channel", "must be one of webhook, email, apprise"),
        ("pigeon", Destination("x"), "channel", "must be one of webhook, email, apprise"),
        ("email", Destination("x"), "channel", "needs SLA_SMTP_HOST and SLA_SMTP_FROM"),
        (
            "webhook",
            Destination("http://127.0.0.1", timezone="Mars/Base"),
            "timezone",
            "must be the name of an IANA time zone",
        ),
        ("apprise", Destination("json://127.0.0.1", (new_secret(),)), "secrets", "must be none for apprise"),
        ("webhook", Destination("http://127.0.0.1", ("s3cret",)), "secrets[0]", "must be whsec_"),
        ("webhook", Destination("http://127.0.0.1", templates={"text": "x"}), "templates", "must be left out"),
        ("apprise", Destination("json://127.0.0.1", templates={"html": "x"}), "templates", "must be for subject, text"),
        ("apprise", Destination("json://127.0.0.1", templates={"text": "{{"}), "templates.text", "line 1"),
    ],
)
async def test_a_receiver_that_cannot_be_is_refused_by_what_is_wrong(
    kind: str, destination: Destination, field: str, reason: str
) -> None:
    async with reaching() as outside:
        with pytest.raises(InvalidValue, match=reason) as refused:
            await check(kind, destination, outside)
    assert refused.value.field == field
