"""Sending one notice through one channel: it is taken, refused for good, or not taken now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from temporalio import activity

from activities.addressing import WrittenAddresses
from activities.ports import Addressees, Found, InVain, NoticeChannel, Receivers, no_receivers, unheard
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

    `retry_after` is when to come again, in seconds, where the receiver has said so. `began_at` is when the attempt
    began; None where nothing was tried.
    """

    channel: str
    message: str
    retry_after: float | None = None
    began_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """`channels` are the operator's, which every notice goes to; `receivers` finds those of an organization.

    `addressees` finds those whom escalations name, and `in_vain` is told of each attempt that is made again.
    """

    channels: Sequence[NoticeChannel]
    now: Callable[[], Instant]
    addressees: Addressees = field(default_factory=WrittenAddresses)
    receivers: Receivers = no_receivers
    in_vain: InVain = unheard

    async def send(self, channel: NoticeChannel, notice: CoreDocument) -> Delivery | Failure:
        """Raises nothing: a defect of the channel is a failure, too."""
        began_at = self.now()
        try:
            async with asyncio.timeout(CHANNEL_SECONDS):
                await channel.send(notice)
        except NoticeRefused as refusal:
            activity.logger.warning("notice %s refused by %s: %s", notice["id"], channel.name, refusal.message)
            return Delivery(notice["id"], channel.name, DEAD, self.now(), refusal.message, began_at)
        except NoticeFailed as failure:
            return Failure(channel.name, failure.message, failure.retry_after, began_at)
        except TimeoutError:
            return Failure(channel.name, f"{channel.name} took longer than {CHANNEL_SECONDS} seconds", None, began_at)
        except Exception as error:  # noqa: BLE001 - one channel's defect must not repeat a notice on the others
            return Failure(channel.name, f"{channel.name}: {error!r}", None, began_at)
        return Delivery(notice["id"], channel.name, DELIVERED, self.now(), sent_at=began_at)

    def note(self, notice: CoreDocument, failure: Failure) -> None:
        """Tell the log that the notice is tried again."""
        if failure.began_at is not None:
            self.in_vain(notice, failure.channel, failure.message, failure.began_at, self.now())


def unknown(found: Found) -> list[Failure]:
    """A failure where the receivers are not known: the notice stays on its way until they are."""
    return [] if found.known else [Failure(RECEIVERS, "the organization's receivers cannot be read now")]
