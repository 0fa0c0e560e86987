"""Notices whose actions a channel carries out: what stands in the outcome when it is given up or asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from activities.addressing import WrittenAddresses, look_up
from activities.ports import NoConnectors
from activities.sending import Carried, Failure, Sender, carries_out, given_up
from domain.errors import NoticeFailed, NoticeRefused, StoreUnavailable
from domain.instants import parse
from domain.record.records import DEAD, DELIVERED, Delivery

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
    found = await look_up(WrittenAddresses(), connectors, "default", [document])
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
    assert set(sent.to_json()) == set(Delivery("n", "c", DEAD, NOW).to_json()), "it is recorded as any other"


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
