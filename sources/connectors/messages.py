"""What goes to a ticket system and what comes back, before anything is sent."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.errors import InvalidValue
from sources.hooks.language.connectors import ConnectorPart


class Unwritable(InvalidValue):
    """An order that the ticket system cannot be given: `field` is the place in the mapping."""


@dataclass(frozen=True, slots=True)
class Request:
    """`path` begins with a slash and is escaped; `body` is a JSON document (None: none).

    One that is `dispensable` may be refused: what it asks for is no longer there, or for others to see.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    dispensable: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its document, None where it has none."""

    document: Any = None


@dataclass(frozen=True, slots=True)
class Order:
    """One action for one ticket. `value` is what the policy says; `key` is the same whenever it is tried again."""

    action: str
    value: str
    key: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """A `token`, or a `user` with a `password`."""

    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)

    def header(self, connector: ConnectorPart) -> tuple[str, str]:
        """Name and value of the header that carries them. Raises InvalidValue, which shows none of them."""
        for part in connector.auth:
            if part.scheme == "basic" and self.user and self.password:
                pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
                return part.header, f"Basic {pair}"
            if part.scheme != "basic" and self.token:
                return part.header, ("Bearer " if part.scheme == "bearer" else part.prefix) + self.token
        ways = dict.fromkeys("user and password" if one.scheme == "basic" else "token" for one in connector.auth)
        raise InvalidValue("connector.credentials", "(not shown)", f"must have {', or '.join(ways)}")


@dataclass(frozen=True, slots=True)
class Connection:
    """A connector with what the source has set. `prefix` stands before the ids of its tickets in the engine."""

    connector: ConnectorPart
    settings: Mapping[str, Any]
    prefix: str = ""
    projects: tuple[str, ...] = ()
