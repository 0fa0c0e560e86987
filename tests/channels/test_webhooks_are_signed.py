"""Webhooks are signed by Standard Webhooks: receivers verify them with its library, while secrets are rotated too."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from channels.channel import Destination, Outside
from channels.registry import configured, open_channel
from channels.webhook import header_id, new_secret, require_secrets
from channels.wording.sample import SAMPLES
from domain.errors import InvalidValue, NoticeFailed
from tests.support.peers.outside import reaching
from tests.support.peers.receiver import Received, Receiver, receiving

NOTICE = SAMPLES["breached"]
OLD, NEW = (f"whsec_{base64.b64encode(bytes([number] * 24)).decode()}" for number in (1, 2))
DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with reaching(now=lambda: datetime.now(UTC)) as made:
        yield made


async def sent(receiver: Receiver, outside: Outside, *secrets: str) -> Received:
    await open_channel("webhook", Destination(receiver.url, secrets), outside).send(NOTICE)
    return receiver.received[-1]


def is_verified(received: Received, secret: str, body: bytes | None = None) -> bool:
    try:
        Webhook(secret).verify(body or received.body, received.headers)
    except WebhookVerificationError:
        return False
    return True


async def test_a_webhook_bears_the_id_of_its_notice_and_is_verified_by_its_secret(
    receiver: Receiver, outside: Outside
) -> None:
    received = await sent(receiver, outside, NEW)
    assert received.headers["webhook-id"] == NOTICE["id"]
    assert is_verified(received, NEW)
    assert not is_verified(received, OLD)
    assert not is_verified(received, NEW, received.body.replace(b"42", b"43"))


async def test_while_a_secret_is_rotated_both_of_them_verify(receiver: Receiver, outside: Outside) -> None:
    """The receiver changes from the old secret to the new one whenever it likes."""
    before = await sent(receiver, outside, OLD)
    between = await sent(receiver, outside, NEW, OLD)
    after = await sent(receiver, outside, NEW)
    verified = [[is_verified(received, secret) for secret in (OLD, NEW)] for received in (before, between, after)]
    assert verified == [[True, False], [True, True], [False, True]]
    assert len(between.headers["webhook-signature"].split()) == 2


async def test_each_attempt_is_signed_at_its_own_time(receiver: Receiver) -> None:
    """A notice that is tried again a day later is not taken for an old one that somebody has kept."""
    days = iter([datetime(2026, 3, day, tzinfo=UTC) for day in (2, 2, 3)])
    async with reaching(now=lambda: next(days)) as outside:
        channel = open_channel("webhook", Destination(receiver.url, (NEW,)), outside)
        receiver.answers = [(503, {})]
        with pytest.raises(NoticeFailed):
            await channel.send(NOTICE)
        await channel.send(NOTICE)
    (received,) = receiver.received
    assert received.headers["webhook-timestamp"] == str(int(datetime(2026, 3, 3, tzinfo=UTC).timestamp()))


async def test_without_a_secret_nothing_is_signed(receiver: Receiver, outside: Outside) -> None:
    received = await sent(receiver, outside)
    assert not [name for name in received.headers if name.startswith("webhook-")]


async def test_the_operators_own_receivers_are_signed_by_the_operators_secrets(receiver: Receiver) -> None:
    own: dict[str, Any] = {"webhook_urls": receiver.url, "webhook_secrets": f"{NEW},{OLD}"}
    async with reaching(now=lambda: datetime.now(UTC), **own) as outside:
        _, webhook = configured(outside)
        await webhook.send(NOTICE)
    assert all(is_verified(receiver.received[0], secret) for secret in (OLD, NEW))


async def test_the_three_lines_of_the_docs_verify_a_notice(receiver: Receiver, outside: Outside) -> None:
    received = await sent(receiver, outside, NEW)
    (lines,) = re.findall(
        r"```python\n(from standardwebhooks import .*?)```", (DOCS / "notices.md").read_text(), re.DOTALL
    )
    assert len([line for line in lines.splitlines() if line]) == 3
    known = {"secret": NEW, "body": received.body, "headers": received.headers}
    exec(lines, known)
    assert known["notice"] == received.notice
    with pytest.raises(WebhookVerificationError):
        exec(lines, {**known, "body": received.body + b" "})


def test_a_new_secret_is_one_that_may_be_set() -> None:
    made = [new_secret() for _ in range(2)]
    assert require_secrets(made, "secrets") == tuple(made)
    assert len(set(made)) == 2


@pytest.mark.parametrize("secret", ["", "s3cret", "whsec_", "whsec_s3cret", f"whsec_{'A' * 100}", NEW.upper()])
def test_what_is_no_secret_of_standard_webhooks_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(InvalidValue, match=r"secrets\[0\]: must be whsec_ and base64 of 24 to 64 bytes") as refused:
        require_secrets([secret], "secrets")
    assert refused.value.value == f"{len(secret)} characters"


def test_more_than_two_secrets_are_refused() -> None:
    with pytest.raises(InvalidValue, match="must be at most 2, the newest first"):
        require_secrets([OLD, NEW, new_secret()], "secrets")


def test_an_id_that_no_header_can_hold_is_written_in_one_that_it_can() -> None:
    assert header_id("acme/inst_sla_ticket_42/resolution/1/escalation:stör fall/1") == (
        "acme/inst_sla_ticket_42/resolution/1/escalation:st%C3%B6r%20fall/1"
    )
    assert header_id(NOTICE["id"]) == NOTICE["id"]
