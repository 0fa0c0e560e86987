"""Ticket systems as the service writes to them and asks them. Whoever starts the process puts the real way in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from domain.errors import InvalidValue

if TYPE_CHECKING:
    from sources.connectors import Answer, Request


@dataclass(frozen=True, slots=True)
class Target:
    """Where a connector's requests go; `headers` carry the credentials."""

    base_url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class TicketSystems(Protocol):
    async def check(self, base_url: str) -> None:
        """Raises InvalidValue, which names `address`, for an address where nothing may be sent."""

    async def ask(self, target: Target, request: Request) -> Answer:
        """The answer, if it is 2xx.

        Raises NoticeRefused for one that says that the same request will never be taken, NoticeFailed (with
        `retry_after`) where it may be taken later. Neither shows credentials.
        """


class NoTicketSystems:
    """In a process that may not reach out no connector can be made."""

    async def check(self, base_url: str) -> None:  # noqa: ARG002 - the port's
        raise self._none()

    async def ask(self, target: Target, request: Request) -> Answer:  # noqa: ARG002 - the port's
        raise self._none()

    def _none(self) -> InvalidValue:
        return InvalidValue("connector", "...", "is not to be had in this process, which was started without channels")
