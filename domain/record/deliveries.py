"""The log of deliveries: what each entry is called, and the states that it may be in."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import NotFound

PREFIX = "dlv_"
RETRIED = "retried"
"""The status of a delivery that no record tells of yet: it was tried in vain, and is tried again."""
NO_CHANNEL = "is no channel any more"
"""Why a notice was given up on a channel that nobody tried."""


class DeliveryState(StrEnum):
    """`pending`: it is not tried yet. `retried`: it was tried in vain, and is tried again. `delivered`: its receiver
    has taken it. `dead`: it was refused or given up. `skipped`: the notice was for nobody, and was not sent."""

    PENDING = "pending"
    RETRIED = "retried"
    DELIVERED = "delivered"
    DEAD = "dead"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """One entry of the log: a notice on a channel; `channel` None: a notice that no channel is known for."""

    organization: str
    instance_id: str
    notice_id: str
    channel: str | None

    @property
    def id(self) -> str:
        """It holds the key itself, so that nothing is looked up between the two, but for the organization."""
        _, _, rest = self.notice_id.partition("/")
        text = rest if self.channel is None else f"{rest}\n{self.channel}"
        return PREFIX + base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, organization: str, id_: str) -> DeliveryKey:
        """The entry of that id in the log of an organization. Raises NotFound for a text that is no id."""
        text = id_.removeprefix(PREFIX)
        try:
            padded = text + "=" * (-len(text) % 4)
            rest = base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True).decode()
        except ValueError:
            rest = ""
        notice, found, channel = rest.partition("\n")
        key = cls(organization, notice.partition("/")[0], f"{organization}/{notice}", channel if found else None)
        if key.id != id_ or "\0" in rest:
            raise no_such_delivery(id_)
        return key


def no_such_delivery(id_: str) -> NotFound:
    return NotFound(f"delivery {id_!r} does not exist", field="delivery_id", value=id_)


def parts_of(channel: str) -> tuple[str, str | None]:
    """The kind of a channel and its receiver, by its name: `webhook` and `rcv_1` of `webhook:rcv_1`."""
    kind, found, receiver = channel.partition(":")
    return kind, receiver if found else None
