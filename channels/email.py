"""E-mail by SMTP: HTML and text, one thread for each ticket."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Mapping
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any

import aiosmtplib

from channels.channel import Channel, ChannelKind, Destination, Outside, none_from_settings
from channels.outgoing.names import channel_name, host_of
from channels.wording import templates
from channels.wording.times import Reader
from domain.errors import InvalidValue, NoticeFailed, NoticeRefused

SECONDS = 10.0
LONGEST_ADDRESS = 254
FIRST_PERMANENT = 500
BAD_ADDRESS = "5.1."
"""How the enhanced status of an address begins that does not exist (RFC 3463, 3.2)."""


class EmailChannel:
    """Sends each notice to one address. Which server takes it is the operator's setting."""

    def __init__(self, destination: Destination, outside: Outside) -> None:
        self._destination = destination
        self._settings = outside.configuration
        self._now = outside.now
        self._slots = outside.mail_slots

    @property
    def name(self) -> str:
        address = self._destination.address
        return channel_name("email", self._destination.id, address, host_of(address))

    async def send(self, notice: Mapping[str, Any]) -> None:
        if self._settings.smtp_host is None or self._settings.smtp_from is None:
            raise NoticeFailed(f"{self.name}: SLA_SMTP_HOST and SLA_SMTP_FROM are not set")
        message = self._message(notice, self._settings.smtp_from)
        try:
            async with self._slots, self._server() as server:
                await server.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as refusal:
            raise self._of_address(refusal.recipients[0]) from refusal
        except (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPHeloError) as error:
            # The operator's to mend, and no notice's fault: a password is being rotated more often than it is lost.
            raise NoticeFailed(f"{self.name}: the server does not let us in: {_said(error)}") from error
        except aiosmtplib.SMTPConnectResponseError as error:
            raise NoticeFailed(f"{self.name}: the server does not take connections: {_said(error)}") from error
        except aiosmtplib.SMTPResponseException as error:
            raise self._judged(error, "the server refuses it") from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise NoticeFailed(f"{self.name}: {type(error).__name__}: {error}") from error

    def _server(self) -> aiosmtplib.SMTP:
        settings = self._settings
        password = settings.smtp_password
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=None if password is None else password.get_secret_value(),
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            tls_context=_tls(settings.smtp_ca_file) if settings.smtp_security != "none" else None,
            timeout=SECONDS,
        )

    def _of_address(self, refusal: aiosmtplib.SMTPRecipientRefused) -> NoticeRefused | NoticeFailed:
        """One bad address is no fault of the server: it is said of the address."""
        judged = self._judged(refusal, "the address is refused")
        if isinstance(judged, NoticeRefused):
            judged.gone = refusal.message.startswith(BAD_ADDRESS)
        return judged

    def _judged(self, error: aiosmtplib.SMTPResponseException, what: str) -> NoticeRefused | NoticeFailed:
        """Of 5xx nothing will come, 4xx may pass (RFC 5321, 4.2.1)."""
        problem = f"{self.name}: {what}: {_said(error)}"
        return NoticeRefused(problem) if error.code >= FIRST_PERMANENT else NoticeFailed(problem)

    def _message(self, notice: Mapping[str, Any], sender: str) -> EmailMessage:
        """The same notice has the same Message-ID on every retry. All of a ticket are answers to one that never was.

        No header takes a line break: the policy of `email` refuses it, and words are single lines.
        """
        reader = Reader(self._destination.timezone or notice["data"]["timezone"], self._now())
        words = templates.compose("email", notice, self._destination.templates, reader)
        domain = Address(addr_spec=address_in(sender)).domain
        message = EmailMessage(policy=SMTP_POLICY)
        message["From"] = sender
        message["To"] = self._destination.address
        message["Subject"] = words.subject
        message["Date"] = format_datetime(self._now())
        message["Message-ID"] = message_id(notice["id"], domain)
        thread = message_id(f"{notice['source']}/{notice['subject']}", domain)
        message["In-Reply-To"] = message["References"] = thread
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(words.text)
        if words.html is not None:
            message.add_alternative(words.html, subtype="html")
        return message


def message_id(of: str, domain: str) -> str:
    return f"<{hashlib.sha256(of.encode()).hexdigest()[:40]}@{domain}>"


def require_address(text: str, field: str) -> str:
    """One bare mail address, such as `ada@example.com`. Raises InvalidValue."""
    try:
        parsed = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError):
        parsed = None
    is_one = parsed is not None and parsed.username and parsed.domain and parsed.addr_spec == text
    if not is_one or len(text) > LONGEST_ADDRESS or not text.isascii() or not text.isprintable():
        raise InvalidValue(field, text, "must be one mail address such as ada@example.com")
    return text


def address_in(sender: str) -> str:
    """`sla@example.com` of `Help desk <sla@example.com>`."""
    inside = sender.rpartition("<")[2]
    return inside.removesuffix(">").strip()


def _said(error: aiosmtplib.SMTPResponseException) -> str:
    return f"{error.code} {' '.join(error.message.split())}"[:500]


@cache
def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """Made once: reading certificates holds up everything else."""
    return ssl.create_default_context(cafile=ca_file)


async def _check(destination: Destination, _outside: Outside) -> None:
    require_address(destination.address, "address")


def _open(destination: Destination, outside: Outside) -> Channel:
    return EmailChannel(destination, outside)


KIND = ChannelKind(
    "email",
    "a mail of HTML and text by SMTP; the mails of one ticket are one thread",
    from_settings=none_from_settings,
    address="one mail address",
    example="ada@example.com",
    check=_check,
    open=_open,
    settings=(
        *("SLA_SMTP_HOST", "SLA_SMTP_PORT", "SLA_SMTP_SECURITY", "SLA_SMTP_USERNAME", "SLA_SMTP_PASSWORD"),
        *("SLA_SMTP_FROM", "SLA_SMTP_CA_FILE"),
    ),
    needs=("SLA_SMTP_HOST", "SLA_SMTP_FROM"),
    parts=templates.PARTS,
    behind="the mail server",
)
