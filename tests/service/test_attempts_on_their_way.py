"""What workers have tried in vain, on its way into the log: joined, bounded, never in the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from domain.errors import StoreUnavailable
from domain.instants import Instant
from service.deliveries import attempts
from service.deliveries.attempts import AttemptLog
from store.deliveries.attempts import FailedAttempts

NOTICE = {"id": "default/inst_sla_ticket_1/resolution/1/breached/1", "source": "/sla/default"}


class Kept:
    """A store that may be `down`, and has no instance of those that are `unknown`."""

    def __init__(self) -> None:
        self.written: list[FailedAttempts] = []
        self.down = False
        self.unknown: set[str] = set()

    async def add(self, failed: Sequence[FailedAttempts]) -> Sequence[FailedAttempts]:
        if self.down:
            raise StoreUnavailable("down")
        self.written += [one for one in failed if one.key.instance_id not in self.unknown]
        return [one for one in failed if one.key.instance_id in self.unknown]


def a_log() -> tuple[AttemptLog, Kept]:
    kept: Any = Kept()
    return AttemptLog(kept), kept


def note(log: AttemptLog, at: int = 1, instance: str = "1", error: str = "answered 503") -> None:
    notice = {**NOTICE, "subject": f"inst_sla_ticket_{instance}"}
    log.note(notice, "webhook:rcv_desk", error, Instant(at), Instant(at + 1))


async def test_attempts_at_one_delivery_are_one_note_with_what_the_last_came_to() -> None:
    log, kept = a_log()
    for at, error in ((5, "answered 500"), (9, "answered 503"), (7, "answered 502")):
        note(log, at, error=error)
    await log.flush()
    (one,) = kept.written
    assert (one.count, one.began_at, one.ended_at, one.error) == (3, 9, 10, "answered 503")
    await log.flush()
    assert len(kept.written) == 1


async def test_what_was_not_tried_is_noted_and_keeps_when_it_was_tried_last() -> None:
    log, kept = a_log()
    note(log, 5)
    log.note({**NOTICE, "subject": "inst_sla_ticket_1"}, "webhook:rcv_desk", "it waits", None, Instant(9))
    await log.flush()
    (one,) = kept.written
    assert (one.count, one.began_at, one.ended_at, one.error) == (1, 5, 9, "it waits")


async def test_while_the_store_is_down_nothing_is_lost() -> None:
    log, kept = a_log()
    kept.down = True
    note(log)
    with pytest.raises(StoreUnavailable):
        await log.flush()
    note(log, 8)
    await log.close()
    assert kept.written == []
    kept.down = False
    await log.close()
    assert [one.count for one in kept.written] == [2]


async def test_an_instance_that_is_not_recorded_yet_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "A_TURN", 1)
    log, kept = a_log()
    kept.unknown = {"inst_sla_ticket_early"}
    note(log, instance="early")
    note(log, instance="2")
    await log.flush()
    await log.flush()
    assert [one.key.instance_id for one in kept.written] == ["inst_sla_ticket_2"]
    kept.unknown = set()
    await log.flush()
    assert len(kept.written) == 2


async def test_too_many_are_not_noted_and_that_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(attempts, "MOST_NOTED", 2)
    log, kept = a_log()
    for number in range(5):
        note(log, instance=str(number))
    note(log, 9, instance="0")
    await log.flush()
    assert [one.count for one in kept.written] == [1, 2] or [one.count for one in kept.written] == [2, 1]
    assert caplog.text.count("too many") == 1


async def test_a_long_answer_is_cut() -> None:
    log, kept = a_log()
    note(log, error="x" * 5000)
    await log.flush()
    assert len(kept.written[0].error) == 500
