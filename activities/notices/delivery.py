"""`deliver`: one notice to every channel that has not settled it yet."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.notices.addressing import People, connected, joined, names_system
from activities.notices.asked import Asked
from activities.notices.sending import Failure, Sender, carried_out, dead_ends, given_up, unknown
from activities.ports import Found, NoticeChannel
from domain.errors import NoticeFailed
from domain.instants import parse, to_datetime
from domain.record.deliveries import NO_CHANNEL
from domain.record.notices import organization_of
from domain.record.outcomes import is_nobody
from domain.record.records import DEAD, Delivery
from workflows.calls import DELIVER
from workflows.documents import CoreDocument, DeliverAnswer, DeliverRequest, Document
from workflows.packing import pack, unpack
from workflows.state.steps import with_outcomes

GIVE_UP_AFTER = timedelta(days=1)
GIVE_UP_ATTEMPTS = 20
NOBODY = "nobody was told, and nobody is told that it is taken back"


class Deliverer:
    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._channels = sender.channels
        self._now = sender.now
        self._asked = Asked()

    @activity.defn(name=DELIVER)
    async def deliver(self, packed: Document) -> Document:
        """A `DeliverRequest` to a `DeliverAnswer`.

        A channel that has taken or refused the notice is answered at once, so that a retry for the others never sends
        it again. If there is none, the attempt fails and Temporal retries it, until the notice is given up.
        """
        request = unpack(packed, DeliverRequest)
        notice, outcomes = await self._connected(request["notice"])
        request = {**request, "notice": notice}
        sends = self._begin(self._channels, request)
        # The operator's channels are on their way while the store is asked for the organization's.
        found, people = await asyncio.gather(self._sender.receivers(notice), self._sender.people(notice))
        sends += self._begin((*found.channels, *people.channels), request)
        answers = [*await asyncio.gather(*sends), *unknown(found, people)]
        if _gives_up(request):
            answers = [self._given_up(notice, answer) for answer in answers]
        deliveries = [answer for answer in answers if isinstance(answer, Delivery)]
        deliveries += [end for end in dead_ends(notice, people, self._now()) if _is_open(end.channel, request)]
        deliveries += self._vanished(request, found, people)
        failures = [answer for answer in answers if isinstance(answer, Failure)]
        for failure in failures:
            self._sender.note(notice, failure)
        outcomes |= joined([notice], {notice["id"]: people.news}, carried_out(deliveries))
        if failures and not (deliveries or outcomes):
            raise _retry(failures)
        answer: DeliverAnswer = {
            "deliveries": [delivery.to_json() for delivery in deliveries],
            "pending": [failure.channel for failure in failures],
        }
        if outcomes:
            answer["outcomes"] = outcomes
        return pack(answer)

    async def _connected(self, notice: CoreDocument) -> tuple[CoreDocument, dict[str, Sequence[CoreDocument]]]:
        """The notice with the connector that its orders take, if that was not known when it was told first."""
        if not names_system(notice):
            return notice, {}
        outcomes = await connected(self._sender.connectors, organization_of(notice), notice)
        if list(outcomes) == list(notice["data"]["outcomes"]):
            return notice, {}
        return with_outcomes(notice, outcomes), {notice["id"]: outcomes}

    def _begin(
        self, channels: Sequence[NoticeChannel], request: DeliverRequest
    ) -> list[asyncio.Task[Delivery | Failure]]:
        notice = request["notice"]
        return [
            asyncio.create_task(self._once(channel, notice)) for channel in channels if _is_open(channel.name, request)
        ]

    async def _once(self, channel: NoticeChannel, notice: CoreDocument) -> Delivery | Failure:
        now = activity.info().current_attempt_scheduled_time
        if (waits := self._asked.left(notice["id"], channel.name, now)) is not None:
            return waits
        answer = await self._sender.send(channel, notice)
        if isinstance(answer, Failure):
            self._asked.keep(notice["id"], answer, now)
        return answer

    def _vanished(self, request: DeliverRequest, found: Found, people: People) -> list[Delivery]:
        """Gives up the channels asked for that no longer exist; otherwise they would be asked for again and again."""
        if not (found.known and people.known):
            return []
        there = {channel.name for channel in (*self._channels, *found.channels, *people.channels)}
        gone = set(request.get("only") or ()) - set(request["settled"]) - there
        at, notice = self._now(), request["notice"]
        whys = {name: NOBODY if is_nobody(name) else NO_CHANNEL for name in sorted(gone)}
        return [given_up(notice, Delivery(notice["id"], name, DEAD, at, why)) for name, why in whys.items()]

    def _given_up(self, notice: CoreDocument, answer: Delivery | Failure) -> Delivery:
        if isinstance(answer, Delivery):
            return answer
        activity.logger.error("notice %s given up on %s: %s", notice["id"], answer.channel, answer.message)
        dead = Delivery(notice["id"], answer.channel, DEAD, self._now(), answer.message, answer.began_at)
        return given_up(notice, dead, answer.outcomes)


def _is_open(name: str, request: DeliverRequest) -> bool:
    only = request.get("only")
    return name not in request["settled"] and (only is None or name in only)


def _gives_up(request: DeliverRequest) -> bool:
    """Whether the notice is old enough and was tried often enough. A day without any worker gives up nothing.

    Its age is that of the first request for it, which a run before this one may have made.
    """
    info = activity.info()
    since = to_datetime(parse(request["since"])) if "since" in request else info.scheduled_time
    return info.attempt >= GIVE_UP_ATTEMPTS and info.current_attempt_scheduled_time - since > GIVE_UP_AFTER


def _retry(failures: Sequence[Failure]) -> ApplicationError:
    """When a receiver has said to come again counts where all have: others wait for none of them."""
    waits = [failure.retry_after for failure in failures if failure.retry_after is not None]
    delay = timedelta(seconds=min(waits)) if len(waits) == len(failures) else None
    message = "; ".join(failure.message for failure in failures)
    return ApplicationError(message, type=NoticeFailed.code, next_retry_delay=delay)
