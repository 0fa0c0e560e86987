"""An export of an instance's record: whatever is done to it is found, with nothing but the core."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain.digests import canonical
from domain.errors import InvalidValue
from domain.instants import Instant
from domain.plan.planning import plan
from domain.policy.snapshot import Snapshot
from domain.record.chain import FORMAT, NOTHING_BEFORE, link_hash, verify
from domain.record.records import Record
from domain.ticket.events import Event
from tests.support.builders import a_snapshot, acknowledged, at, opened, paused, promise, resolved, resumed
from workflows.signals import SignalledEvent
from workflows.state.instance_state import InstanceState
from workflows.state.serializing import new_state

ROOT = Path(__file__).parents[3]
SNAPSHOT = a_snapshot(promise("first_response", 30), promise("resolution", 120))
HISTORY = (
    (opened("09:00"), "09:00"),
    (paused("10:30", "vendor", received="10:31"), "10:31"),
    (acknowledged("09:20", received="11:00"), "11:00"),
    (resumed("12:00", "vendor"), "12:00"),
    (resolved("13:00"), "13:00"),
)


def records(snapshot: Snapshot = SNAPSHOT) -> Iterator[Record]:
    """The steps as the workflow makes them: a breach that a late acknowledgement withdraws among them."""
    (first, _), *later = HISTORY
    state = new_state(snapshot.to_json(), plan(snapshot, [first]).to_json(), first.to_json())
    for event, when in later:
        step(state, at(when) - 1)
        events = [*state.events.values(), *(one.event for one in state.receive([SignalledEvent(event)])[0])]
        planned(state, snapshot, events[len(state.events) :], at(when))
        step(state, at(when))
    yield from state.unrecorded


def planned(state: InstanceState, snapshot: Snapshot, events: Sequence[Event], now: Instant) -> None:
    """As the workflow takes new events, when nobody can record them for it."""
    after = plan(snapshot, [*state.events.values(), *events])
    made = state.step_context(state.next_sequence(), now).step(events, after, None)
    state.apply(events, after, made.plan_digest)
    state.unrecorded.append(made)


def step(state: InstanceState, now: int) -> None:
    state.fire(Instant(now))
    state.close_step(Instant(now))


@cache
def exported() -> str:
    steps, previous = [], NOTHING_BEFORE
    for record in records():
        link = json.loads(json.dumps(record.link))
        hashed = link_hash(previous, link)
        steps.append({"recorded_at": "2026-03-02T09:00:00Z", "previous_hash": previous, "hash": hashed, "link": link})
        previous = hashed
    document = {"format": FORMAT, "organization": "default", "instance_id": "inst_sla_ticket_42"}
    return json.dumps({**document, "head": previous, "steps": steps})


@pytest.fixture
def export() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(exported())
    return document


def rehashed(export: dict[str, Any]) -> dict[str, Any]:
    """As one who knows how would hide a change."""
    previous = NOTHING_BEFORE
    for one in export["steps"]:
        one["previous_hash"], one["hash"] = previous, link_hash(previous, one["link"])
        previous = one["hash"]
    export["head"] = previous
    return export


def test_a_record_that_nobody_touched_holds(export: dict[str, Any]) -> None:
    verdict = verify(export)
    assert [str(finding) for finding in verdict.findings] == []
    assert (verdict.steps, verdict.head) == (len(export["steps"]), export["head"])
    assert verdict.steps > 4
    withdrawn = [f for one in export["steps"] for f in one["link"]["firings"] if f["withdrawn_at"]]
    assert withdrawn


def leaves(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(document, dict):
        for key in document:
            yield from leaves(document[key], (*path, key))
    elif isinstance(document, list) and document:
        for index in range(len(document)):
            yield from leaves(document[index], (*path, index))
    else:
        yield path


def changed(document: Any, path: tuple[Any, ...]) -> Any:
    other = copy.copy(document)
    inner = other
    for key in path[:-1]:
        inner[key] = copy.copy(inner[key])
        inner = inner[key]
    value = inner[path[-1]]
    inner[path[-1]] = f"{value}x" if isinstance(value, str) else value + 1 if isinstance(value, int | float) else "x"
    return other


def test_a_change_of_any_value_is_found(export: dict[str, Any]) -> None:
    paths = [path for path in leaves(export) if path[-1] not in ("recorded_at", "format")]
    assert len(paths) > 100
    for path in paths:
        assert not verify(changed(export, path)).holds, path
    assert verify(export).holds


def test_a_step_that_is_removed_put_in_or_moved_is_found(export: dict[str, Any]) -> None:
    steps = export["steps"]
    for place in range(len(steps)):
        for others in (steps[:place] + steps[place + 1 :], [*steps[: place + 1], *steps[place:]]):
            assert not verify({**export, "steps": others}).holds, place
        for other in range(place):
            moved = list(steps)
            moved[place], moved[other] = moved[other], moved[place]
            assert not verify({**export, "steps": moved}).holds, (place, other)


def test_an_event_that_is_changed_removed_or_put_in_is_found_even_if_every_hash_is_made_anew(
    export: dict[str, Any],
) -> None:
    """For the plan no longer follows; the time of an event that decided nothing is the sender's word."""
    removed = copy.deepcopy(export)
    resume = next(one for one in removed["steps"] if any(e["kind"] == "resumed" for e in one["link"]["events"]))
    resume["link"]["events"] = []
    assert "plan" in {finding.part for finding in verify(rehashed(removed)).findings}
    moved = copy.deepcopy(export)
    late = next(e for one in moved["steps"] for e in one["link"]["events"] if e["kind"] == "acknowledged")
    late["occurred_at"] = "2026-03-02T09:40:00Z"
    assert "plan" in {finding.part for finding in verify(rehashed(moved)).findings}
    generous = copy.deepcopy(export)
    for target in generous["steps"][0]["link"]["snapshot"]["policy"]["targets"]:
        target["hours"], target["minutes"] = target["hours"] * 2, target["minutes"] * 2
    assert "plan" in {finding.part for finding in verify(rehashed(generous)).findings}


def test_a_milestone_that_never_happened_then_is_found_though_every_hash_fits(export: dict[str, Any]) -> None:
    for one in export["steps"]:
        for firing in one["link"]["firings"]:
            firing["planned_at"] = "2026-03-02T09:01:00Z"
    assert any(finding.part.endswith("/halfway") for finding in verify(rehashed(export)).findings)


def test_a_chain_that_was_made_anew_does_not_hold_against_a_hash_that_was_kept(export: dict[str, Any]) -> None:
    kept = export["steps"][2]["hash"]
    assert verify(export, kept).holds
    export["steps"][0]["link"]["events"][0]["actor"] = "somebody else"
    forged = rehashed(export)
    assert verify(forged).holds
    assert [finding.part for finding in verify(forged, kept).findings] == ["head"]


def test_steps_cut_off_at_the_end_are_found_against_the_hash_of_the_last_one_alone(export: dict[str, Any]) -> None:
    shorter = rehashed({**export, "steps": export["steps"][:-1]})
    assert verify(shorter).holds
    assert not verify(shorter, export["head"]).holds


@pytest.mark.parametrize(
    ("document", "field"),
    [([], "export"), ({}, "export.format"), ({"format": FORMAT}, "export.steps"),
     ({"format": FORMAT, "steps": [1]}, "export.steps[0]"), ({"format": "other/1", "steps": []}, "export.format")],
)  # fmt: skip
def test_what_is_no_export_is_refused_by_name(document: Any, field: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        verify(document)
    assert refused.value.field == field


def test_a_document_has_one_spelling() -> None:
    assert canonical({"b": 1, "a": ["é", None]}) == b'{"a":["\\u00e9",null],"b":1}'


def test_verifying_takes_nothing_but_the_core(tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text(exported())
    code = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("store", "api", "workflows", "activities", "cli", "temporalio", "sqlalchemy",
                                      "fastapi", "pydantic", "httpx"):
            raise ImportError(name)
sys.meta_path.insert(0, Blocked())
import json
from domain.record.chain import verify
verdict = verify(json.load(open(sys.argv[1])))
assert verdict.holds, verdict.findings
print(verdict.steps)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "export.json")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, str(len(json.loads(exported())["steps"]))), ran.stderr


def test_the_events_of_the_story_are_all_in_the_record(export: dict[str, Any]) -> None:
    told = [Event.from_json(event).event_id for one in export["steps"] for event in one["link"]["events"]]
    assert told == [event.event_id for event, _ in HISTORY]


def branches(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, part in inner:
        yield from branches(part, (*path, key))


def put(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    inner: Any = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return document


@pytest.mark.parametrize("odd", [float("nan"), None, [], {}, [{}], "\ud800", -(10**400)], ids=ascii)
def test_whatever_stands_anywhere_in_an_export_is_found_or_refused_by_name(export: dict[str, Any], odd: Any) -> None:
    export["steps"] = export["steps"][:3]
    export["head"] = export["steps"][-1]["hash"]
    for path in branches(export):
        kept = get(export, path)
        if kept == odd:
            continue
        put(export, path, odd)
        try:
            assert not verify(export).holds, path
        except InvalidValue as refused:
            assert str(refused.field).startswith("export"), path  # noqa: PT017 - either is right
        put(export, path, kept)


def get(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def test_a_key_that_no_export_has_is_found(export: dict[str, Any]) -> None:
    export["remark"] = "all is well"
    export["steps"][1]["remark"] = "all is well"
    assert [(one.sequence, one.part) for one in verify(export).findings] == [(None, "remark"), (2, "remark")]


def test_the_time_a_step_was_recorded_is_outside_the_chain_but_must_be_one(export: dict[str, Any]) -> None:
    export["steps"][1]["recorded_at"] = "2026-03-05T09:00:00Z"
    assert verify(export).holds
    export["steps"][1]["recorded_at"] = "some day"
    assert [(one.sequence, one.part) for one in verify(export).findings] == [(2, "recorded_at")]


def test_a_chain_made_anew_begins_with_step_1(export: dict[str, Any]) -> None:
    for one in export["steps"]:
        one["link"]["sequence"] += 6
    found = verify(rehashed(export)).findings
    assert [(one.sequence, one.part) for one in found] == [(7, "sequence")]


def test_an_export_without_a_step_proves_nothing(export: dict[str, Any]) -> None:
    assert [str(one) for one in verify({**export, "steps": [], "head": ""}).findings] == [
        "the export: steps: there is none"
    ]


def links(export: dict[str, Any]) -> list[dict[str, Any]]:
    return [one["link"] for one in export["steps"]]


def problems(export: dict[str, Any]) -> set[str]:
    """Of a chain that was made anew."""
    return {finding.problem for finding in verify(rehashed(export)).findings}


def test_milestones_that_never_fired_are_found_though_every_hash_fits(export: dict[str, Any]) -> None:
    for link in links(export):
        link["firings"], link["notices"] = [], []
    assert problems(export) == {"should have fired"}


def test_withdrawals_that_never_came_are_found_though_every_hash_fits(export: dict[str, Any]) -> None:
    for link in links(export):
        link["firings"] = [one for one in link["firings"] if one["withdrawn_at"] is None]
        link["notices"] = [one for one in link["notices"] if not one.endswith("/withdrawn")]
    assert "should have been withdrawn" in problems(export)


def test_notices_that_were_never_sent_are_found_though_every_hash_fits(export: dict[str, Any]) -> None:
    for link in links(export):
        link["notices"] = []
    assert problems(export) == {"are not those of what fired and was withdrawn"}


def test_a_status_that_the_rules_do_not_come_to_is_found_though_every_hash_fits(export: dict[str, Any]) -> None:
    for link in links(export):
        link["status"] = "met"
    assert problems(export) == {"is not what rules and events come to"}


def test_nothing_fires_before_its_instant_though_every_hash_fits(export: dict[str, Any]) -> None:
    for link in links(export):
        for firing in link["firings"]:
            firing["fired_at"] = "1999-01-01T00:00:00Z"
    assert "was fired before its instant" in problems(export)


def test_a_firing_stays_as_it_was_told_though_every_hash_fits(export: dict[str, Any]) -> None:
    withdrawn = next(one for link in links(export) for one in link["firings"] if one["withdrawn_at"])
    withdrawn["fired_at"] = withdrawn["withdrawn_at"]
    assert problems(export) == {"is not what an earlier step says of it"}
