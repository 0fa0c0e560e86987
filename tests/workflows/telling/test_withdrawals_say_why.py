"""What an instance tells when it takes a notice back."""

from __future__ import annotations

from domain.digests import plan_digest
from domain.plan.planning import plan
from tests.support.builders import ALWAYS, a_snapshot, at, opened, paused, promise
from workflows.state.serializing import new_state


def test_the_notice_that_takes_another_one_back_names_the_event_that_led_to_it() -> None:
    snapshot = a_snapshot(promise("resolution", 60), calendar=ALWAYS)
    first, late = opened("09:00"), paused("09:50", received="10:05")
    state = new_state(snapshot.to_json(), plan(snapshot, [first]).to_json(), first.to_json())
    breached = next(id_ for id_ in state.fire(at("10:01")) if "breached" in id_)
    replanned = plan(snapshot, [first, late])
    state.apply([late], replanned, plan_digest(replanned.to_json()))
    withdrawal = next(id_ for id_ in state.fire(at("10:06")) if breached in id_)
    assert (
        f"paused Mon 2026-03-02 09:50:00+00:00 (event {late.event_id}, received Mon 2026-03-02 10:05:00+00:00); "
        in (state.outstanding[withdrawal].notice["data"]["message"])
    )
