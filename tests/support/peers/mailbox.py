"""A real SMTP server on loopback, on a port of its own."""

from __future__ import annotations

import asyncio
import email.policy
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """`answers` are given first to a command (`RCPT`, `DATA`, `MAIL`), one a command; then it is taken."""

    port: int = 0
    password: str | None = None
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    over_tls: list[bool] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0

    def _answer(self, command: str) -> str | None:
        return self.answers[command].pop(0) if self.answers.get(command) else None

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := self._answer("MAIL")) is not None:
            return answer
        envelope.mail_from = address
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (answer := self._answer("RCPT")) is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self._at_once -= 1
        if (answer := self._answer("DATA")) is not None:
            return answer
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        assert server.transport is not None
        self.over_tls.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and data.password.decode() == self.password
        return AuthResult(success=is_right, handled=is_right)


class _OnAnyPort(Controller):
    """The library connects once to the port it was given, which is none yet."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def receiving_mail(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, password: str | None = None
) -> Iterator[Mailbox]:
    mailbox = Mailbox(password=password)
    options: dict[str, Any] = {}
    if password is not None:
        options = {"authenticator": mailbox.authenticate, "auth_required": True, "auth_require_tls": False}
    controller = _OnAnyPort(
        mailbox,
        hostname="127.0.0.1",
        port=0,
        ssl_context=tls,
        tls_context=starttls,
        require_starttls=starttls is not None,
        **options,
    )
    controller.start()
    mailbox.port = controller.port
    try:
        yield mailbox
    finally:
        controller.stop()
