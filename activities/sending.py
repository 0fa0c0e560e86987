"""Sending one notice through one channel: it is taken, refused for good, or not taken now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from temporalio import activity

from activities.addressing import PEOPLE, NobodyKnown, People, people_of
from activities.ports import Addressees, Found, NoticeChannel, Receivers, no_receivers
from domain.errors import NoticeFailed, NoticeRefused
from domain.instants import Instant
from domain.record.records import DEAD, DELIVERED, Delivery
from workflows.documents import CoreDocument

CHANNEL_SECONDS = 15
RECEIVERS = "receivers"
"""In place of a channel's name: the organization's receivers, while nobody can say which there are."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A channel has not taken the notice, and may take it later.

    `retry_after` is when to come again, in seconds, where the receiver has said so.
    """

    channel: str
    message: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """`channels` are the operator's, which every notice goes to; `receivers` finds those of an organization.

    `addressees` finds those whom escalations name, and their channels.
    """

    channels: Sequence[NoticeChannel]
    now: Callable[[], Instant]
    addressees: Addressees = field(default_factory=NobodyKnown)
    receivers: Receivers = no_receivers

    async def people(self, notice: CoreDocument) -> People:
        """Those whom the notice names. Raises nothing."""
        return await people_of(self.addressees, notice)

    async def send(self, channel: NoticeChannel, notice: CoreDocument) -> Delivery | Failure:
        """Raises nothing: a defect of the channel is a failure, too."""
        try:
            async with asyncio.timeout(CHANNEL_SECONDS):
                await channel.send(notice)
        except NoticeRefused as refusal:
            activity.logger.warning("notice %s refused by %s: %s", notice["id"], channel.name, refusal.message)
            return Delivery(notice["id"], channel.name, DEAD, self.now(), refusal.message)
        except NoticeFailed as failure:
            return Failure(channel.name, failure.message, failure.retry_after)
        except TimeoutError:
            return Failure(channel.name, f"{channel.name} took longer than {CHANNEL_SECONDS} seconds")
        except Exception as error:  # noqa: BLE001 - one channel's defect must not repeat a notice on the others
            return Failure(channel.name, f"{channel.name}: {error!r}")
        return Delivery(notice["id"], channel.name, DELIVERED, self.now())


def unknown(found: Found, people: People) -> list[Failure]:
    """A failure where receivers, or those whom it names, are not known: the notice stays on its way until they are."""
    receivers = [] if found.known else [Failure(RECEIVERS, "the organization's receivers cannot be read now")]
    return receivers if people.known else [*receivers, Failure(PEOPLE, "those whom it names cannot be looked up now")]


def dead_ends(notice: CoreDocument, people: People, at: Instant) -> list[Delivery]:
    """A delivery for each whom the notice names and who is nobody: it is dead at once."""
    return [Delivery(notice["id"], name, DEAD, at, reason) for name, reason in people.nobody.items()]
