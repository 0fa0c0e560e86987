"""Notices by mail, over a real SMTP server: one thread a ticket, and what a server's answer means."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from channels.channel import MAIL_CONNECTIONS, Destination
from channels.email import LONGEST_ADDRESS
from channels.registry import check, open_channel
from channels.wording.sample import SAMPLES
from domain.errors import InvalidValue, NoticeFailed, NoticeRefused
from settings import Settings
from tests.support.peers.mailbox import Mailbox, receiving_mail
from tests.support.peers.outside import reaching
from tests.support.peers.trickling import trickling

NOTICE = SAMPLES["breached"]
ADDRESS = "ada@example.com"
FROM = "Help desk <sla@desk.example.com>"


def server(port: int, **changes: Any) -> dict[str, Any]:
    """The settings for a server on loopback."""
    return {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "smtp_from": FROM, **changes}


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with receiving_mail() as started:
        yield started


async def send(notice: Any, port: int, destination: Destination | None = None, **changes: Any) -> None:
    async with reaching(**server(port, **changes)) as outside:
        await open_channel("email", destination or Destination(ADDRESS), outside).send(notice)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return str(found.get_content())


async def test_a_mail_says_in_text_and_html_what_happened_to_which_ticket(mailbox: Mailbox) -> None:
    await send(NOTICE, mailbox.port)
    (message,) = mailbox.messages
    assert mailbox.recipients == [[ADDRESS]]
    assert (message["From"], message["To"]) == (FROM, ADDRESS)
    assert message["Subject"] == "First response of ticket 42 by Network: breached - No dial tone"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "multipart/alternative"
    assert "All of its 1 h is used; due 15:45 (in 12 min)." in part(message, "plain")
    assert '<a href="https://desk.example.com/tickets/42">No dial tone</a>' in part(message, "html")


async def test_the_mails_of_a_ticket_are_one_thread_and_those_of_another_ticket_another(mailbox: Mailbox) -> None:
    other = {**NOTICE, "subject": "inst_sla_ticket_43", "id": "default/inst_sla_ticket_43/first_response/1/breached/1"}
    for notice in (*SAMPLES.values(), other):
        await send(notice, mailbox.port)
    *own, last = mailbox.messages
    (thread,) = {message["References"] for message in own}
    assert all(message["In-Reply-To"] == thread for message in own)
    assert len({message["Message-ID"] for message in mailbox.messages}) == len(SAMPLES) + 1
    assert last["References"] not in (thread, None)
    assert thread.endswith("@desk.example.com>")


async def test_a_mail_that_is_sent_again_has_the_same_message_id(mailbox: Mailbox) -> None:
    """A server that took it before its answer was lost can drop the second one."""
    for _ in range(2):
        await send(NOTICE, mailbox.port)
    first, second = mailbox.messages
    assert first["Message-ID"] == second["Message-ID"]


async def test_what_a_ticket_is_called_cannot_add_a_header_or_run_in_the_mail(mailbox: Mailbox) -> None:
    title = "Help\r\nBcc: eve@example.com\r\n\r\n<script>alert(1)</script>"
    ticket = {**NOTICE["data"]["ticket"], "title": title, "url": "javascript:alert(1)"}
    await send({**NOTICE, "data": {**NOTICE["data"], "ticket": ticket}}, mailbox.port)
    (message,) = mailbox.messages
    assert (message["Bcc"], mailbox.recipients) == (None, [[ADDRESS]])
    assert message["Subject"].endswith("Help Bcc: eve@example.com <script>alert(1)</script>")
    assert "<script>" not in part(message, "html")
    assert "javascript:" not in part(message, "html") + part(message, "plain")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example.com, eve@example.com",
        "ada@example.com\r\nBcc: eve@example.com",
        "Ada <ada@example.com>",
        "ada@exämple.com",
        "ada@example.com ",
        f"{'a' * LONGEST_ADDRESS}@example.com",
    ],
)
async def test_what_is_not_one_bare_address_is_refused_when_a_receiver_is_created(address: str) -> None:
    async with reaching(**server(25)) as outside:
        with pytest.raises(InvalidValue, match=r"address: must be one mail address such as ada@example\.com"):
            await check("email", Destination(address), outside)


async def test_an_address_is_taken_where_the_operator_has_named_a_server() -> None:
    async with reaching(**server(25)) as outside:
        await check("email", Destination(ADDRESS), outside)
    async with reaching() as outside:
        with pytest.raises(InvalidValue, match="channel: needs SLA_SMTP_HOST and SLA_SMTP_FROM"):
            await check("email", Destination(ADDRESS), outside)
        with pytest.raises(NoticeFailed, match="SLA_SMTP_HOST and SLA_SMTP_FROM are not set"):
            await open_channel("email", Destination(ADDRESS), outside).send(NOTICE)


async def test_an_address_that_does_not_exist_is_refused_for_good_and_gone(mailbox: Mailbox) -> None:
    mailbox.answers["RCPT"] = ["550 5.1.1 no such user here"]
    with pytest.raises(NoticeRefused, match=r"the address is refused: 550 5\.1\.1 no such user here") as refused:
        await send(NOTICE, mailbox.port)
    assert refused.value.gone


@pytest.mark.parametrize(
    ("command", "answer", "what"),
    [
        ("RCPT", "550 5.7.1 not from you", "the address is refused"),
        ("MAIL", "550 5.7.1 sender rejected", "the server refuses it"),
        ("DATA", "554 5.6.0 looks like spam", "the server refuses it"),
    ],
)
async def test_what_a_server_refuses_with_5xx_is_refused_for_good(
    mailbox: Mailbox, command: str, answer: str, what: str
) -> None:
    mailbox.answers[command] = [answer]
    with pytest.raises(NoticeRefused, match=re.escape(f"{what}: {answer}")) as refused:
        await send(NOTICE, mailbox.port)
    assert not refused.value.gone
    assert mailbox.messages == []


@pytest.mark.parametrize("command", ["RCPT", "MAIL", "DATA"])
async def test_what_a_server_puts_off_with_4xx_is_taken_later(mailbox: Mailbox, command: str) -> None:
    mailbox.answers[command] = ["451 4.7.1 greylisted, come again"]
    with pytest.raises(NoticeFailed, match=r"451 4\.7\.1 greylisted"):
        await send(NOTICE, mailbox.port)
    await send(NOTICE, mailbox.port)
    assert len(mailbox.messages) == 1


async def test_a_server_that_is_not_there_hangs_or_takes_no_connection_is_worth_another_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("channels.email.SECONDS", 0.3)
    with receiving_mail() as gone:
        port = gone.port
    with pytest.raises(NoticeFailed, match="SMTPConnectError"):
        await send(NOTICE, port)
    with trickling(b"") as url, pytest.raises(NoticeFailed, match="Timeout"):
        await send(NOTICE, _port(url))


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


AUTHORITY = trustme.CA()


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    file = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture
def certified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def test_many_mails_at_once_share_few_connections(mailbox: Mailbox) -> None:
    """A server that is asked for thirty at once would turn most of them away."""
    async with reaching(**server(mailbox.port)) as outside:
        channels = [open_channel("email", Destination(f"{number}@example.com"), outside) for number in range(30)]
        await asyncio.gather(*(channel.send(NOTICE) for channel in channels))
    assert len(mailbox.messages) == 30
    assert 1 < mailbox.most_at_once <= MAIL_CONNECTIONS


async def test_a_password_that_is_being_rotated_is_worth_another_try(certified: ssl.SSLContext, ca_file: str) -> None:
    with receiving_mail(tls=certified, password="new") as mailbox:
        secure: dict[str, Any] = {"smtp_security": "tls", "smtp_username": "sla", "smtp_ca_file": ca_file}
        with pytest.raises(NoticeFailed, match="the server does not let us in: 535"):
            await send(NOTICE, mailbox.port, smtp_password="old", **secure)
        await send(NOTICE, mailbox.port, smtp_password="new", **secure)
    assert mailbox.over_tls == [True]


async def test_a_server_on_the_way_to_tls_gets_the_mail_after_starttls(certified: ssl.SSLContext, ca_file: str) -> None:
    with receiving_mail(starttls=certified) as mailbox:
        await send(NOTICE, mailbox.port, smtp_security="starttls", smtp_ca_file=ca_file)
    assert mailbox.over_tls == [True]


async def test_nothing_is_sent_in_clear_to_a_server_without_starttls(mailbox: Mailbox) -> None:
    with pytest.raises(NoticeFailed, match="STARTTLS"):
        await send(NOTICE, mailbox.port, smtp_security="starttls")
    assert mailbox.messages == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_server_whose_certificate_nobody_trusts_gets_nothing(certified: ssl.SSLContext, security: str) -> None:
    offered: dict[str, Any] = {security: certified}
    with receiving_mail(**offered) as mailbox, pytest.raises(NoticeFailed, match=r"(?i)certificate"):
        await send(NOTICE, mailbox.port, smtp_security=security)
    assert mailbox.messages == []


async def test_times_are_those_of_the_contact_and_else_of_the_ticket(mailbox: Mailbox) -> None:
    await send(NOTICE, mailbox.port, Destination(ADDRESS, timezone="Asia/Tokyo"))
    await send(NOTICE, mailbox.port)
    first, second = (part(message, "plain") for message in mailbox.messages)
    assert "due 23:45 (in 12 min)" in first
    assert "due 15:45 (in 12 min)" in second


async def test_a_template_of_the_organization_writes_the_mail_and_one_that_fails_is_passed_over_and_said(
    mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    own = {"subject": "{{ ticket.id }} {{ state }}", "text": "Hello\n{{ due.at }}"}
    paused = {**NOTICE, "data": {**NOTICE["data"], "due_at": None}}
    for notice in (NOTICE, paused):
        await send(notice, mailbox.port, Destination(ADDRESS, templates=own))
    ours, builtin = mailbox.messages
    assert (ours["Subject"], part(ours, "plain").split()) == ("42 breached", ["Hello", "15:45"])
    assert builtin["Subject"].startswith("First response of ticket 42 by Network: breached")
    said = "The template of your organization failed (text, line 2: 'None' has no attribute 'at')"
    assert said in " ".join(part(builtin, "plain").split())
    assert "is told in the built-in words on email: text, line 2: 'None' has no attribute 'at'" in caplog.text


def test_settings_that_would_send_a_password_in_clear_or_name_no_sender_are_refused() -> None:
    for given, problem in (
        ({"smtp_security": "none", "smtp_password": "s3cret"}, "must not be sent without TLS"),
        ({"smtp_from": "Help desk"}, "must be a mail address"),
        ({"smtp_from": "Help\r\nBcc: eve@example.com <sla@example.com>"}, "must be one line"),
        ({"smtp_ca_file": "/nowhere/ca.pem"}, "does not point to a file"),
    ):
        with pytest.raises(ValueError, match=problem):
            Settings(**given)  # type: ignore[arg-type]
