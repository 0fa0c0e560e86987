"""The whole engine as `make up` runs it, a real receiver, and what survives `kill -9`."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.cli.conftest import Start, descendants, eventually, own_settings, read_until, starting
from tests.store.conftest import PostgresServer
from tests.support.peers.receiver import Received, Receiver, receiving

UP = ("-m", "cli", "up")
SECOND_IN_MINUTES = 1 / 60


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as started:
        yield started


class Engine:
    """Each test has tickets, a priority and a policy of its own."""

    def __init__(self, start: Start, env: Mapping[str, str], receiver: Receiver) -> None:
        self._start, self._env, self._receiver = start, env, receiver
        self.process: subprocess.Popen[str] | None = None

    def up(self) -> Engine:
        self.process = self._start(*UP, own_group=True, **self._env, SLA_WEBHOOK_URLS=self._receiver.url)
        read_until(self.process, "└")
        return self

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        key = Path(self._env["SLA_HOME"], "api_key").read_text().strip()
        base = f"http://127.0.0.1:{self._env['SLA_API_PORT']}/api/v2/sla"
        answer = httpx.request(method, base + path, json=body, headers={"X-API-Key": key}, trust_env=False, timeout=30)
        # 202: taken, and a busy machine has not come to it yet.
        assert answer.status_code in (200, 201, 202), answer.text
        document: dict[str, Any] = answer.json()
        return document

    def instance(self, id_: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Once it is as it should be."""
        found: list[dict[str, Any]] = []

        def asked() -> bool:
            found.append(self.call("GET", f"/instances/{id_}"))
            return holds(found[-1])

        assert eventually(asked), found[-1]
        return found[-1]

    def resolve(self, id_: str) -> dict[str, Any]:
        self.call("POST", f"/instances/{id_}/resolve")
        return self.instance(id_, lambda shown: shown["closed_at"] is not None)

    def worker(self) -> psutil.Process:
        assert self.process is not None
        return next(child for child in descendants(self.process) if "worker" in child.cmdline())

    def stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def kill_everything(self) -> None:
        assert self.process is not None
        children = descendants(self.process)
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)
        psutil.wait_procs(children, timeout=60)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Engine]:
    """A running one. Who kills it starts it again."""
    with pytest.MonkeyPatch.context() as patch, starting() as start:
        yield Engine(start, own_settings(tmp_path_factory.mktemp("engine"), patch), receiver).up()


def promise(engine: Engine, priority: str, seconds: float) -> None:
    engine.call(
        "POST",
        "/policies",
        {
            "name": f"{seconds} seconds",
            "conditions": [{"field": "priority", "operator": "in", "value": [priority]}],
            "targets": [{"type": "resolution", "minutes": seconds * SECOND_IN_MINUTES}],
        },
    )


def ids_of(receiver: Receiver, *instances: str) -> list[str]:
    """Of all notices of these instances, in the order they came."""
    return [one.notice["id"] for one in receiver.received if one.notice["subject"] in instances]


def are_delivered(*names: str) -> Callable[[dict[str, Any]], bool]:
    """Whether the answers of the receivers to these milestones are known, so that no crash can repeat them."""

    def holds(shown: dict[str, Any]) -> bool:
        milestones = shown["targets"]["resolution"]["milestones"]
        return {one["name"] for one in milestones if one["delivered_at"]} >= set(names)

    return holds


def lateness(received: Received) -> float:
    return received.at - datetime.fromisoformat(received.notice["time"]).timestamp()


def test_a_ticket_opens_and_its_warning_and_its_breach_arrive_within_a_second(
    engine: Engine, receiver: Receiver
) -> None:
    promise(engine, "high", 4)
    opened = engine.call("POST", "/instances", {"ticket_id": "42", "priority": "high"})
    assert opened["status"] == "active"

    for type_ in ("sla.halfway", "sla.at_risk", "sla.breached"):
        received = receiver.wait_for(type_, opened["id"])
        assert 0 <= lateness(received) < 1
        assert received.content_type.startswith("application/cloudevents+json")
        assert received.notice["specversion"] == "1.0"
        assert received.notice["data"]["ticket"]["ticket_id"] == "42"
        assert "ticket 42" in received.notice["data"]["message"]

    resolved = engine.resolve(opened["id"])
    assert resolved["status"] == "breached"
    engine.instance(opened["id"], are_delivered("halfway", "at_risk", "breached"))
    came = ids_of(receiver, opened["id"])
    assert len(came) == len(set(came)) == 3


def test_a_killed_worker_loses_no_milestone_and_repeats_none(engine: Engine, receiver: Receiver) -> None:
    promise(engine, "medium", 8)
    ids = [engine.call("POST", "/instances", {"ticket_id": str(n), "priority": "medium"})["id"] for n in range(5)]
    for id_ in ids:
        receiver.wait_for("sla.halfway", id_)
        engine.instance(id_, are_delivered("halfway"))

    engine.worker().kill()

    for id_ in ids:
        receiver.wait_for("sla.breached", id_)
        receiver.wait_for("sla.at_risk", id_)
    time.sleep(1)
    came = ids_of(receiver, *ids)
    assert len(came) == len(set(came)) == 15


def test_after_everything_was_killed_the_next_start_goes_on_where_it_stopped(
    engine: Engine, receiver: Receiver
) -> None:
    promise(engine, "low", 6)
    opened = engine.call("POST", "/instances", {"conversation_id": "c 1", "priority": "low"})
    receiver.wait_for("sla.halfway", opened["id"])
    engine.instance(opened["id"], are_delivered("halfway"))

    engine.kill_everything()
    due = datetime.fromisoformat(opened["targets"]["resolution"]["due_at"]).timestamp()
    time.sleep(max(0, due + 0.2 - time.time()))
    engine.up()

    breached = receiver.wait_for("sla.breached", opened["id"])
    assert breached.notice["time"] == opened["targets"]["resolution"]["due_at"]
    assert lateness(breached) > 0.2
    resolved = engine.resolve(opened["id"])
    (milestone,) = [m for m in resolved["targets"]["resolution"]["milestones"] if m["name"] == "breached"]
    assert milestone["fired_at"] > milestone["planned_at"]
    came = ids_of(receiver, opened["id"])
    assert len(came) == len(set(came)) == 3


def test_the_engine_runs_on_postgresql(
    start: Start, env: dict[str, str], receiver: Receiver, postgres: PostgresServer
) -> None:
    """The same life with another store: created, warned, breached, finished, listed, reopened with its past."""
    database = postgres.url_of(postgres.create())
    engine = Engine(start, {**env, "SLA_DATABASE_URL": database}, receiver).up()
    promise(engine, "high", 3)
    opened = engine.call("POST", "/instances", {"incident_id": "INC-1", "priority": "high"})
    receiver.wait_for("sla.breached", opened["id"])
    engine.resolve(opened["id"])
    listed = engine.call("GET", "/instances?status=breached")
    assert [instance["id"] for instance in listed["data"]] == [opened["id"]]
    engine.call("POST", f"/instances/{opened['id']}/reopen")
    reopened = engine.instance(opened["id"], lambda shown: shown["closed_at"] is None)
    assert reopened["targets"]["resolution"]["breached_at"] == opened["targets"]["resolution"]["due_at"]
