"""`tell`: what fires in one task is sent, and then the step that tells of it is recorded with how that went."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio import activity

from activities.ports import Projection, SearchAttributes
from activities.recording import Recorder
from activities.sending import Sender
from domain.errors import StoreUnavailable
from domain.notices import TYPE_PREFIX, URGENT
from domain.records import Delivery, Record
from workflows.calls import TELL
from workflows.packing import pack, unpack
from workflows.state import with_outcome

# A receiver that takes longer does not keep the step from being recorded.
PROMPT_SECONDS = 1.0
STORE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Outcomes:
    """Of the notices that were asked for: deliveries by notice, and whose channels are all through."""

    deliveries: Sequence[Delivery]
    settled: Sequence[str]


class Telling:
    def __init__(
        self, sender: Sender, projection: Projection, recorder: Recorder, search_attributes: SearchAttributes
    ) -> None:
        self._sender = sender
        self._projection = projection
        self._recorder = recorder
        self._search_attributes = search_attributes

    @activity.defn(name=TELL)
    async def tell(self, request: dict[str, Any]) -> dict[str, Any]:
        """`{record, notices: [id], ongoing_besides}` to `{deliveries, settled, recorded, late, pending, attributes}`.

        Each notice is tried once on each channel: `pending` are the ids of those that a channel did not take, for
        `deliver` to go on with. The step is recorded with what `deliveries` and `settled` tell; what comes `late` is
        the next step's. A store that is away keeps nobody waiting: not `recorded`, the step is the workflow's to have
        written.
        """
        asked = unpack(request)
        step = Record.from_json(asked["record"])
        notices = [notice for notice in step.notices if notice["id"] in asked["notices"]]
        before = await self._told_before(step)
        sends = [asyncio.create_task(self._send(notice, before)) for notice in sorted(notices, key=_urgency)]
        if sends:
            await asyncio.wait(sends, timeout=PROMPT_SECONDS)
        prompt = _outcomes(send.result() for send in sends if send.done())
        answer: dict[str, Any] = {
            "deliveries": [delivery.to_json() for delivery in prompt.deliveries],
            "settled": prompt.settled,
        }
        answer["recorded"] = await self._recorder.try_to_record(with_outcome(step, asked, answer))
        slow = [send for send in sends if not send.done()]
        late = _outcomes(await asyncio.gather(*slow))
        through = {*prompt.settled, *late.settled}
        return pack(
            {
                **answer,
                "late": [delivery.to_json() for delivery in late.deliveries],
                "pending": [notice["id"] for notice in notices if notice["id"] not in through],
                "attributes": self._search_attributes(),
            }
        )

    async def _told_before(self, step: Record) -> Sequence[Delivery]:
        """What an attempt that ended with its worker has recorded: it is not sent again."""
        if activity.info().attempt == 1:
            return ()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                return await self._projection.deliveries(step)
        except (StoreUnavailable, TimeoutError):
            return ()

    async def _send(self, notice: Mapping[str, Any], before: Iterable[Delivery]) -> tuple[str, list[Delivery], bool]:
        """The notice's id, its deliveries, and whether that is all of them."""
        made = [delivery for delivery in before if delivery.notice_id == notice["id"]]
        through = {delivery.channel for delivery in made}
        channels = [channel for channel in self._sender.channels if channel.name not in through]
        answers = await asyncio.gather(*(self._sender.send(channel, notice) for channel in channels))
        fresh = [answer for answer in answers if isinstance(answer, Delivery)]
        return notice["id"], [*made, *fresh], len(fresh) == len(channels)


def _urgency(notice: Mapping[str, Any]) -> bool:
    """Breaches and escalations before warnings; a tie keeps the order in which they came due."""
    return notice["type"].removeprefix(TYPE_PREFIX) not in URGENT


def _outcomes(sent: Iterable[tuple[str, list[Delivery], bool]]) -> _Outcomes:
    found = list(sent)
    deliveries = [delivery for _, made, _ in found for delivery in made]
    return _Outcomes(deliveries, [id_ for id_, _, is_all in found if is_all])
