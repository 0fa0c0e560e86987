"""`tell`: sends the notices of all that fires in one workflow task, then records their step with the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from temporalio import activity

from activities.notices.addressing import Outcomes, goes_out, joined, look_up
from activities.notices.sending import Failure, Sender, carried_out, carries_out, dead_ends, unknown
from activities.ports import NoticeChannel, Projection, SearchAttributes
from activities.recording import Recorder
from domain.errors import StoreUnavailable
from domain.record.notices import TYPE_PREFIX, URGENT
from domain.record.records import Delivery, Record
from workflows.calls import TELL
from workflows.documents import CoreDocument, Document, SendingOutcome, TellAnswer, TellRequest
from workflows.packing import pack, unpack
from workflows.state.steps import with_outcome, with_outcomes

# A receiver that takes longer does not keep the step from being recorded.
PROMPT_SECONDS = 1.0
STORE_SECONDS = 1.0
# The notices are out by then, and only the step's record waits: in a burst the store may take longer.
RECORD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """The deliveries made so far, and the ids of the notices that wait for no channel any more."""

    deliveries: Sequence[Delivery]
    settled: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Send:
    notice_id: str
    channel: str
    task: asyncio.Task[Delivery | Failure]


class Telling:
    def __init__(
        self,
        sender: Sender,
        projection: Projection,
        recorder: Recorder,
        search_attributes: SearchAttributes,
    ) -> None:
        self._sender = sender
        self._projection = projection
        self._recorder = recorder
        self._search_attributes = search_attributes

    @activity.defn(name=TELL)
    async def tell(self, packed: Document) -> Document:
        """A `TellRequest` to a `TellAnswer`.

        Each notice is tried once on each channel; `deliver` goes on with those that a channel did not take. The step is
        recorded with the deliveries made by then, and later ones belong to the next step. A store that is away keeps
        nobody waiting: the answer says then that the step is not recorded, and the workflow has it recorded later.
        """
        request = unpack(packed, TellRequest)
        step = Record.from_json(request["record"])
        notices = [notice for notice in step.notices if notice["id"] in request["notices"]]
        looked_up = dict(await look_up(self._sender.addressees, self._sender.connectors, step.organization, notices))
        sent = [_told(notice, looked_up) for notice in notices if goes_out(looked_up.get(notice["id"]))]
        unsent = [notice["id"] for notice in notices if not goes_out(looked_up.get(notice["id"]))]
        before = await self._delivered_before(step)
        sends, of_people = await self._send(sorted(sent, key=_urgency), before)
        looked_up |= joined(sent, of_people)
        of_step = _of_step(sends, before)
        if of_step:
            await asyncio.wait([send.task for send in of_step], timeout=PROMPT_SECONDS)
        prompt = _outcomes(of_step)
        known = {(send.notice_id, send.channel) for send in of_step}
        found = {send.notice_id for send in sends if (send.notice_id, send.channel) not in known}
        news = {id_: looked_up[id_] for id_ in looked_up if activity.info().attempt > 1 and id_ in found}
        outcome: SendingOutcome = {
            "deliveries": [delivery.to_json() for delivery in prompt.deliveries],
            "settled": sorted([*(id_ for id_ in prompt.settled if id_ not in found), *unsent]),
        }
        looked_up |= joined(sent, of_people, carried_out(prompt.deliveries))
        if of_the_step := {id_: looked_up[id_] for id_ in looked_up if id_ not in news}:
            outcome["outcomes"] = of_the_step
        recorded = await self._recorder.try_to_record(with_outcome(step, request, outcome), RECORD_SECONDS)
        await asyncio.gather(*(send.task for send in sends))
        end = _outcomes(sends)
        late = [one for one in end.deliveries if one not in prompt.deliveries]
        answer: TellAnswer = {
            **outcome,
            "recorded": recorded,
            "late": [one.to_json() for one in late],
            "late_outcomes": {**news, **_late(sent, of_people, carried_out(late))},
            "pending": [notice["id"] for notice in sent if notice["id"] not in end.settled],
            "attributes": self._search_attributes(),
        }
        return pack(answer)

    async def _delivered_before(self, step: Record) -> Sequence[Delivery]:
        """The deliveries that an attempt before this one has recorded: those notices are not sent again."""
        if activity.info().attempt == 1:
            return ()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                return await self._projection.deliveries(step)
        except (StoreUnavailable, TimeoutError):
            return ()

    async def _send(
        self, notices: Sequence[CoreDocument], before: Sequence[Delivery]
    ) -> tuple[Sequence[_Send], Outcomes]:
        """Each notice to each channel, all at once, but begun in this order; and what was learned of those whom they
        name.

        The operator's channels are on their way while the store is asked for the organization's.
        """
        made = {(delivery.notice_id, delivery.channel): delivery for delivery in before}
        sends = [self._begin(notice, self._sender.channels, made) for notice in notices]
        found = await asyncio.gather(*(self._send_to_found(notice, made) for notice in notices))
        of_people = {notice["id"]: news for notice, (_, news) in zip(notices, found, strict=True) if news}
        return [send for group in (*sends, *(group for group, _ in found)) for send in group], of_people

    async def _send_to_found(
        self, notice: CoreDocument, made: Mapping[tuple[str, str], Delivery]
    ) -> tuple[list[_Send], Sequence[CoreDocument]]:
        """To the organization's receivers, and to those whom the notice names."""
        found, people = await asyncio.gather(self._sender.receivers(notice), self._sender.people(notice))
        sends = self._begin(notice, (*found.channels, *people.channels), made)
        ends = [made.get((notice["id"], one.channel), one) for one in dead_ends(notice, people, self._sender.now())]
        answers: list[Delivery | Failure] = [*ends, *unknown(found, people)]
        sends += [_Send(notice["id"], answer.channel, asyncio.create_task(_as_it_is(answer))) for answer in answers]
        return sends, people.news

    def _begin(
        self, notice: CoreDocument, channels: Iterable[NoticeChannel], made: Mapping[tuple[str, str], Delivery]
    ) -> list[_Send]:
        return [
            _Send(notice["id"], channel.name, asyncio.create_task(self._once(channel, notice, made)))
            for channel in channels
        ]

    async def _once(
        self, channel: NoticeChannel, notice: CoreDocument, made: Mapping[tuple[str, str], Delivery]
    ) -> Delivery | Failure:
        before = made.get((notice["id"], channel.name))
        # What became of actions is asked anew: the channel knows what is done, and does not do it again.
        if before is not None and not carries_out(notice, channel.name):
            return before
        answer = await self._sender.send(channel, notice)
        if isinstance(answer, Failure):
            self._sender.note(notice, answer)
        return answer


def _told(notice: CoreDocument, looked_up: Outcomes) -> CoreDocument:
    """The notice as it is sent."""
    return with_outcomes(notice, looked_up[notice["id"]]) if notice["id"] in looked_up else notice


def _of_step(sends: Sequence[_Send], before: Sequence[Delivery]) -> Sequence[_Send]:
    """The sends that may stand in the step itself.

    An attempt before this one may have recorded the step as far as it had come: whatever else has happened is news.
    """
    if activity.info().attempt == 1:
        return sends
    known = {(delivery.notice_id, delivery.channel) for delivery in before}
    return [send for send in sends if (send.notice_id, send.channel) in known]


def _late(sent: Sequence[CoreDocument], of_people: Outcomes, carried: Outcomes) -> Outcomes:
    return joined([notice for notice in sent if notice["id"] in carried], of_people, carried)


async def _as_it_is(answer: Delivery | Failure) -> Delivery | Failure:
    return answer


def _urgency(notice: CoreDocument) -> bool:
    """Sorts breaches and escalations before warnings. Otherwise notices keep the order in which they came due."""
    return notice["type"].removeprefix(TYPE_PREFIX) not in URGENT


def _outcomes(sends: Sequence[_Send]) -> _Outcomes:
    """As far as the sends have come by now."""
    made = {send.task.result() for send in sends if send.task.done()}
    deliveries = [one for one in made if isinstance(one, Delivery)]
    open_ = {send.notice_id for send in sends if not (send.task.done() and isinstance(send.task.result(), Delivery))}
    return _Outcomes(
        sorted(deliveries, key=lambda one: (one.notice_id, one.channel)),
        sorted({send.notice_id for send in sends} - open_),
    )
