"""Notices whose actions a channel carries out: what stands in the outcome when it is given up or asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.notices.addressing import NobodyKnown, look_up
from activities.notices.sending import Carried, Failure, Sender, carries_out, given_up
from activities.notices.telling import Telling
from activities.ports import Found, NoConnectors
from domain.errors import NoticeFailed, NoticeRefused, StoreUnavailable
from domain.instants import parse
from domain.plan.status import InstanceStatus
from domain.record.records import DEAD, DELIVERED, Delivery, Record
from workflows.packing import pack, unpack

NOW = parse("2026-03-02T12:00:00Z")
WAITING = {"outcome": "waiting", "reason": "the notice asks the ticket system for it", "system": "src_1"}
TAG = {"action": "add_tag", "tag": "late", **WAITING}
MOVE = {"action": "reassign", "team_id": "network", **WAITING}


def notice(*outcomes: Mapping[str, Any], withdraws: str | None = None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "withdraws": withdraws,
        "outcomes": list(outcomes),
        "fired_at": "2026-03-02T12:00:00Z",
        "escalation": {},
    }
    return {"id": "n", "source": "/sla/default", "data": data}


class Known:
    def __init__(self, answer: str | Exception | None) -> None:
        self.answer = answer

    async def find(self, organization: str, system: str) -> str | None:
        assert (organization, system) == ("default", "src_1")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Desk:
    name = "connector:src_1"

    def __init__(self, answer: Sequence[Mapping[str, Any]] | Exception) -> None:
        self.answer = answer

    async def send(self, notice: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def looked_up(connectors: Any, document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found = await look_up(NobodyKnown(), connectors, "default", [document])
    return found.get("n", ())


async def test_an_order_waits_for_the_connector_that_is_found() -> None:
    found = await looked_up(Known("src_1"), notice(TAG, MOVE))
    assert [(one["outcome"], one["connector"]) for one in found] == [("waiting", "src_1")] * 2
    assert not any("event_id" in one for one in found)


async def test_without_a_connector_the_engine_orders_what_it_can_under_the_key_of_the_milestone() -> None:
    found = await looked_up(NoConnectors(), notice(TAG, MOVE))
    assert found == [
        {"action": "add_tag", "tag": "late", "outcome": "waiting", "reason": WAITING["reason"]},
        {"action": "reassign", "team_id": "network", "outcome": "done", "event_id": "n/1"},
    ]


async def test_while_nobody_knows_an_order_stays_as_it_is() -> None:
    assert await looked_up(Known(StoreUnavailable("away")), notice(TAG, MOVE)) == [TAG, MOVE]


async def test_a_notice_that_takes_another_back_orders_nothing() -> None:
    assert await looked_up(Known("src_1"), notice(TAG, withdraws="m")) == ()


CONNECTED = {**TAG, "connector": "src_1"}
DONE = {"action": "comment", "text": "x", "outcome": "done", "connector": "src_1"}


@pytest.mark.parametrize(
    ("answer", "status", "outcomes"),
    [
        ([{**CONNECTED, "outcome": "done"}], DELIVERED, ["done"]),
        ([{**CONNECTED, "outcome": "failed", "reason": "no"}], DEAD, ["failed"]),
        ([{**CONNECTED, "outcome": "failed", "reason": "no"}, DONE], DELIVERED, ["failed", "done"]),
        (NoticeRefused("the source has no connector any more"), DEAD, ["failed"]),
    ],
)
async def test_a_delivery_carries_what_became_of_its_actions(answer: Any, status: str, outcomes: list[str]) -> None:
    sent = await Sender((), lambda: NOW).send(Desk(answer), notice(CONNECTED))
    assert isinstance(sent, Carried)
    assert (sent.status, [one["outcome"] for one in sent.outcomes]) == (status, outcomes)
    assert set(sent.to_json()) == set(Delivery("n", "c", DEAD, NOW, sent_at=NOW).to_json()), (
        "it is recorded as any other"
    )


async def test_what_was_done_stays_done_when_the_rest_is_given_up() -> None:
    failing = Desk(NoticeFailed("away", 7, [CONNECTED, DONE]))
    failed = await Sender((), lambda: NOW).send(failing, notice(CONNECTED, {**DONE, "outcome": "waiting"}))
    assert isinstance(failed, Failure)
    assert failed.retry_after == 7
    document = notice(CONNECTED, {**DONE, "outcome": "waiting"})
    dead = given_up(document, Delivery("n", "connector:src_1", DEAD, NOW, "away"), failed.outcomes)
    assert isinstance(dead, Carried)
    assert [(one["outcome"], one.get("reason")) for one in dead.outcomes] == [("failed", "away"), ("done", None)]
    assert carries_out(document, "connector:src_1")
    assert not carries_out(document, "webhook:src_2")


class Kept:
    """A store that keeps every step, and has heard of no delivery."""

    def __init__(self) -> None:
        self.steps: list[Record] = []

    async def try_to_record(self, record: Record, within: float) -> bool:
        self.steps.append(record)
        return True

    async def deliveries(self, step: Record) -> Sequence[Delivery]:
        return ()


@pytest.mark.parametrize("attempt", [1, 2])
async def test_what_happened_since_an_attempt_that_was_lost_belongs_to_the_next_step(attempt: int) -> None:
    """The lost attempt may have recorded the step while the ticket system had not answered yet."""
    environment, kept = ActivityEnvironment(), Kept()
    environment.info = replace(environment.info, attempt=attempt)
    desk = Desk([{**CONNECTED, "outcome": "done"}])

    async def receivers(_notice: Mapping[str, Any]) -> Found:
        return Found([desk])

    sender = Sender((), lambda: NOW, NobodyKnown(), receivers, Known("src_1"))
    document = {**notice(TAG), "type": "sla.escalated"}
    step = Record("default", "inst_sla_ticket_7", 3, None, InstanceStatus.ACTIVE, None, None, None, ongoing=True)
    request = {
        "record": replace(step, notices=(document,)).to_json(),
        "notices": ["n"],
        "ongoing_besides": True,
        "newest": 3,
    }
    kept_by: Any = kept
    answer = unpack(
        await environment.run(Telling(sender, kept_by, kept_by, list).tell, pack(request)),
        dict,
    )
    late, prompt = (answer["late"], answer["deliveries"])
    assert (len(prompt), len(late)) == ((1, 0) if attempt == 1 else (0, 1))
    outcomes = answer["outcomes"] if attempt == 1 else answer["late_outcomes"]
    assert [one["outcome"] for one in outcomes["n"]] == ["done"]
    assert len(kept.steps[0].deliveries) == len(prompt)
