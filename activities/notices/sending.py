"""Sending one notice through one channel: it is taken, refused for good, or not taken now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from temporalio import activity

from activities.notices.addressing import PEOPLE, NobodyKnown, People, people_of
from activities.notices.taken import Taken
from activities.ports import (
    Addressees,
    Connectors,
    Found,
    InVain,
    NoConnectors,
    NoticeChannel,
    Receivers,
    no_receivers,
    unheard,
)
from domain.errors import NoticeFailed, NoticeNotTried, NoticeRefused
from domain.instants import Instant
from domain.record.outcomes import CONNECTOR, Outcome, written
from domain.record.records import DEAD, DELIVERED, Delivery
from workflows.documents import CoreDocument

CHANNEL_SECONDS = 20
"""With the wait at its door (channels/outgoing/doors.py)."""
RECEIVERS = "receivers"
"""In place of a channel's name: the organization's receivers, while nobody can say which there are."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A channel has not taken the notice, and may take it later.

    `retry_after` is when to come again, in seconds, where the receiver has said so. `began_at` is when the attempt
    began; None where nothing was tried. One that `waits` was not tried because of what else is on its way there.
    `outcomes` are those of the notice's actions, where some were carried out all the same.
    """

    channel: str
    message: str
    retry_after: float | None = None
    began_at: Instant | None = None
    waits: bool = False
    outcomes: Sequence[CoreDocument] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Carried(Delivery):
    """The delivery of a notice whose actions the channel has carried out; `outcomes` is what became of all of them."""

    outcomes: tuple[CoreDocument, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """`channels` are the operator's, which every notice goes to; `receivers` finds those of an organization.

    `addressees` finds those whom escalations name, and their channels; `connectors` finds the way back to ticket
    systems, and `in_vain` is told of each attempt that is made again.
    """

    channels: Sequence[NoticeChannel]
    now: Callable[[], Instant]
    addressees: Addressees = field(default_factory=NobodyKnown)
    receivers: Receivers = no_receivers
    connectors: Connectors = field(default_factory=NoConnectors)
    in_vain: InVain = unheard
    taken: Taken = field(default_factory=Taken)

    async def people(self, notice: CoreDocument) -> People:
        """Those whom the notice names. Raises nothing."""
        return await people_of(self.addressees, notice)

    async def send(self, channel: NoticeChannel, notice: CoreDocument) -> Delivery | Failure:
        """Raises nothing: a defect of the channel is a failure, too. What the channel has taken from this worker before
        is not sent again, unless it carries out actions, and knows itself what is done."""
        does_work = carries_out(notice, channel.name)
        if not does_work and (before := self.taken.of(notice["id"], channel.name)) is not None:
            return before
        began_at = self.now()
        try:
            async with asyncio.timeout(CHANNEL_SECONDS):
                carried = await channel.send(notice)
        except NoticeRefused as refusal:
            activity.logger.warning("notice %s refused by %s: %s", notice["id"], channel.name, refusal.message)
            return given_up(notice, Delivery(notice["id"], channel.name, DEAD, self.now(), refusal.message, began_at))
        except NoticeNotTried as failure:
            return Failure(channel.name, failure.message, failure.retry_after, waits=True)
        except NoticeFailed as failure:
            return Failure(channel.name, failure.message, failure.retry_after, began_at, outcomes=failure.outcomes)
        except TimeoutError:
            return Failure(channel.name, f"{channel.name} took longer than {CHANNEL_SECONDS} seconds", None, began_at)
        except Exception as error:  # noqa: BLE001 - one channel's defect must not repeat a notice on the others
            return Failure(channel.name, f"{channel.name}: {error!r}", None, began_at)
        taken = Delivery(notice["id"], channel.name, DELIVERED, self.now(), sent_at=began_at)
        if not does_work:
            self.taken.keep(taken)
        return taken if carried is None else _carried(_of_actions(taken, carried), carried)

    def note(self, notice: CoreDocument, failure: Failure) -> None:
        """Tell the log that the notice is tried again."""
        if failure.began_at is not None or failure.waits:
            self.in_vain(notice, failure.channel, failure.message, failure.began_at, self.now())


def unknown(found: Found, people: People) -> list[Failure]:
    """A failure where receivers, or those whom it names, are not known: the notice stays on its way until they are."""
    receivers = [] if found.known else [Failure(RECEIVERS, "the organization's receivers cannot be read now")]
    return receivers if people.known else [*receivers, Failure(PEOPLE, "those whom it names cannot be looked up now")]


def dead_ends(notice: CoreDocument, people: People, at: Instant) -> list[Delivery]:
    """A delivery for each whom the notice names and who is nobody: it is dead at once."""
    return [Delivery(notice["id"], name, DEAD, at, reason) for name, reason in people.nobody.items()]


def given_up(notice: CoreDocument, delivery: Delivery, outcomes: Sequence[CoreDocument] | None = None) -> Delivery:
    """The delivery of a notice that a channel will never take, with what that makes of the actions it had to do.

    `outcomes` are those of its last attempt, if some were carried out.
    """
    if not carries_out(notice, delivery.channel):
        return delivery
    source_id, problem = delivery.channel.partition(":")[2], delivery.error or "it was given up"
    documents = notice["data"]["outcomes"] if outcomes is None else outcomes
    return _carried(delivery, [written(one, problem) if _is_left_to(source_id, one) else one for one in documents])


def carries_out(notice: CoreDocument, channel: str) -> bool:
    """Whether actions of the notice are left to that channel."""
    source_id = channel.partition(":")[2]
    return any(_is_left_to(source_id, one) for one in notice.get("data", {}).get("outcomes", ()))


def carried_out(answers: Iterable[Delivery | Failure]) -> dict[str, Sequence[CoreDocument]]:
    """What became of the actions that channels have carried out, by id of the notice."""
    return {one.notice_id: one.outcomes for one in answers if isinstance(one, Carried)}


def _is_left_to(source_id: str, outcome: Mapping[str, object]) -> bool:
    return outcome.get(CONNECTOR) == source_id and outcome["outcome"] == Outcome.WAITING


def _of_actions(taken: Delivery, carried: Sequence[CoreDocument]) -> Delivery:
    """Dead where nothing of what the channel had to do could be done."""
    own = [one for one in carried if one.get(CONNECTOR) == taken.channel.partition(":")[2]]
    refused = [str(one.get("reason")) for one in own if one["outcome"] == Outcome.FAILED]
    if refused and len(refused) == len(own):
        return replace(taken, status=DEAD, error="; ".join(dict.fromkeys(refused)))
    return taken


def _carried(delivery: Delivery, outcomes: Sequence[CoreDocument]) -> Carried:
    told = {one.name: getattr(delivery, one.name) for one in fields(delivery)}
    return Carried(**{**told, "outcomes": tuple(outcomes)})
