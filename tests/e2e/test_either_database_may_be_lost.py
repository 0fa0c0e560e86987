"""The whole engine goes on when one of its two databases is gone: what the other holds is enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Sla, Start, eventually
from tests.e2e.test_whole_engine import Engine, ids_of, lateness, promise, receiver  # noqa: F401 - the same receiver
from tests.support.peers.receiver import Receiver

# Half of it has to be enough for a start on a busy machine: the warning that comes then must not be late.
SECONDS = 60


@pytest.fixture
def engine(start: Start, env: dict[str, str], receiver: Receiver) -> Engine:  # noqa: F811
    return Engine(start, env, receiver).up()


def delete(home: str, database: str) -> None:
    found = list(Path(home).glob(f"{database}*"))
    assert found
    for file in found:
        file.unlink()


def test_open_clocks_run_again_without_temporals_database_and_are_recorded_again_without_the_stores(
    engine: Engine,
    env: dict[str, str],
    sla: Sla,
    receiver: Receiver,  # noqa: F811
) -> None:
    promise(engine, "high", SECONDS)
    opened = [engine.call("POST", "/instances", {"ticket_id": str(n), "priority": "high"}) for n in range(2)]
    resolved, running = (one["id"] for one in opened)
    due = {one["id"]: one["targets"]["resolution"]["due_at"] for one in opened}

    engine.stop()
    delete(env["SLA_HOME"], "temporal.db")
    engine.up()
    for id_ in due:
        assert 0 <= lateness(receiver.wait_for("sla.halfway", id_)) < 1
    engine.resolve(resolved)

    engine.stop()
    delete(env["SLA_HOME"], "slakeeper.db")
    engine.up()
    assert eventually(lambda: engine.call("GET", "/instances")["total"] == 2, seconds=60)
    assert engine.call("GET", f"/instances/{resolved}")["status"] == "met"
    breached = receiver.wait_for("sla.breached", running)
    assert breached.notice["time"] == due[running]
    assert engine.resolve(running)["status"] == "breached"
    came = ids_of(receiver, *due)
    assert len(came) == len(set(came)) == 4
    checked = sla("doctor")
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "nothing is stuck, lost or behind")
