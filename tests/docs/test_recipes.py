"""Each recipe of docs/development.md is held here: what is missing is named, with the step that adds it."""

from __future__ import annotations

import ast
import base64
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from channels.registry import CHANNELS
from domain.policy.clocks.clocks import CLOCKS
from domain.record import withdrawals
from domain.ticket import order
from domain.ticket.events import EventKind
from sources.hooks import vendors
from sources.registry import SOURCES
from tests.support.clockwork import time_skipping
from workflows.messages import SIGNALS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "development.md"
RECIPES = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL))
# Whose bodies are those of another mapping, and what is one's own and has no recorded ones.
VARIANTS = {"zendesk_trigger": "zendesk"}
OWN_SYSTEMS = {"cloudevents", "standard_webhooks"}
# What no ticket system tells by a signal: the opening is a start, a replan is the engine's own.
OWN_KINDS = {EventKind.OPENED, EventKind.REPLANNED}


def text(path: str) -> str:
    return (ROOT / path).read_text()


def sources_of(folder: str) -> Iterator[str]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path.read_text()


def next_step(what: str, recipe: str, step: int) -> str:
    assert re.search(rf"^{step}\. ", RECIPES[recipe], re.MULTILINE), f"{recipe} has no step {step}"
    return f'{what}. See docs/development.md, "{recipe}", step {step}.'


def test_there_are_the_five_recipes() -> None:
    assert list(RECIPES) == [
        "Add a target type",
        "Add an event",
        "Add a ticket system",
        "Add a channel",
        "Change the workflow safely",
    ]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_names_files_that_are_there(recipe: str) -> None:
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|md))`", RECIPES[recipe])
    assert named
    assert [path for path in named if not (ROOT / path).is_file()] == []


@pytest.mark.parametrize("name", CLOCKS)
def test_a_target_type_is_explained_and_has_a_story(name: str) -> None:
    missing = next_step(f"docs/concepts.md has no row for the target type {name}", "Add a target type", 2)
    assert f"\n| `{name}` |" in text("docs/concepts.md"), missing
    stories = [path.name for path in (ROOT / "tests" / "domain").rglob("test_*.py") if f'"{name}"' in path.read_text()]
    assert stories, next_step(f"no test of the core speaks of the target type {name}", "Add a target type", 3)


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.OPENED])
def test_an_event_has_its_place_among_those_of_its_instant(kind: EventKind) -> None:
    assert kind in order._AT_ONE_INSTANT, next_step(f"{kind} has no place at one instant", "Add an event", 1)


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind not in OWN_KINDS])
def test_an_event_has_a_signal_and_both_pages_say_what_it_is(kind: EventKind) -> None:
    names = [signal for signal, told in SIGNALS.items() if told is kind]
    assert names, next_step(f"no signal tells {kind}", "Add an event", 3)
    for page, name in (("docs/signals.md", names[0]), ("docs/api-v2.md", kind.value)):
        assert f"`{name}`" in text(page), next_step(f"{page} does not explain `{name}`", "Add an event", 5)


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind not in withdrawals._MOVES_NOTHING])
def test_an_event_that_moves_clocks_is_spoken_of_in_withdrawals(kind: EventKind) -> None:
    assert kind in withdrawals._SPOKEN, next_step(f"withdrawals have no words for {kind}", "Add an event", 4)


@pytest.mark.parametrize("name", SOURCES)
def test_a_ticket_system_is_explained_and_tested(name: str) -> None:
    row = next_step(f"docs/replay.md has no row for {name}", "Add a ticket system", 6)
    assert f"\n| `{name}` |" in text("docs/replay.md"), row
    tests = next_step(f"tests/sources has no file for {name}", "Add a ticket system", 6)
    assert list((ROOT / "tests" / "sources").glob(f"test_{name}*.py")), tests


@pytest.mark.parametrize("name", vendors())
def test_a_vendor_is_explained_and_its_bodies_and_traps_are_tried(name: str) -> None:
    row = next_step(f"docs/sources.md has no row for {name}", "Add a ticket system", 2)
    assert f"\n| `{name}` |" in text("docs/sources.md"), row
    bodies = ROOT / "tests" / "sources" / VARIANTS.get(name, name)
    missing = next_step(f"{bodies.name} has no bodies with an index", "Add a ticket system", 3)
    assert name in OWN_SYSTEMS or (bodies / "index.jsonl").is_file(), missing
    stories = [code for code in sources_of("tests/sources/hooks") if f'"{name}"' in code]
    assert stories, next_step(f"no test of sources/hooks names {name}", "Add a ticket system", 4)


@pytest.mark.parametrize("name", CHANNELS)
def test_a_channel_is_explained_and_tested(name: str) -> None:
    row = next_step(f"docs/notices.md has no row for {name}", "Add a channel", 4)
    assert f"\n| `{name}` |" in text("docs/notices.md"), row
    tests = next_step(f"tests/channels has no file for {name}", "Add a channel", 5)
    assert list((ROOT / "tests" / "channels").glob(f"test_{name}*.py")), tests


@pytest.mark.parametrize(("folder", "registry"), [("sources", SOURCES), ("channels", CHANNELS)])
def test_whatever_lies_in_a_room_is_in_its_registry(folder: str, registry: Mapping[str, Any]) -> None:
    """A file or a package beside those that every room has is a ticket system or a channel."""
    common = {"__init__", "__pycache__", "registry", "source", "channel", "tickets"}
    common |= {"hooks", "vendors", "connectors", "outgoing", "wording"}
    found = {path.stem for path in (ROOT / folder).iterdir()} - common
    recipe = "Add a ticket system" if folder == "sources" else "Add a channel"
    step = 5 if folder == "sources" else 2
    unregistered = sorted(found - set(registry))
    assert not unregistered, next_step(f"{folder}/ has {unregistered}, which are not registered", recipe, step)


def patches() -> set[str]:
    calls = (node for code in sources_of("workflows") for node in ast.walk(ast.parse(code)))
    return {
        str(node.args[0].value)
        for node in calls
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "workflow.patched"
        and isinstance(node.args[0], ast.Constant)
    }


def patches_in(history: str) -> set[str]:
    """The patches that a recorded history passed through: each has left a marker."""
    return {
        json.loads(base64.b64decode(payload["data"]))["id"]
        for event in json.loads(history)["events"]
        for payload in _patch_data(event)
    }


def _patch_data(event: dict[str, Any]) -> list[dict[str, Any]]:
    marker = event.get("markerRecordedEventAttributes", {})
    return list(marker.get("details", {}).get("patch-data", {}).get("payloads", ()))


def test_every_patch_of_the_workflow_has_a_recorded_history_of_each_way() -> None:
    recorded = [path.read_text() for path in (ROOT / "tests" / "histories" / "histories").glob("*.json")]
    for patch in patches():
        marked = [patch in patches_in(history) for history in recorded]
        what = f"the patch {patch} has no history of each way"
        assert any(marked), next_step(what, "Change the workflow safely", 3)
        assert not all(marked), next_step(what, "Change the workflow safely", 3)


@workflow.defn
class Patched:
    @workflow.run
    async def run(self) -> bool:
        return workflow.patched("what-changes")


async def test_a_history_tells_which_patches_it_passed_through() -> None:
    async with await time_skipping() as environment:
        runner = UnsandboxedWorkflowRunner()
        async with Worker(environment.client, task_queue="q", workflows=[Patched], workflow_runner=runner):
            handle = await environment.client.start_workflow(Patched.run, id="patched", task_queue="q")
            assert await handle.result()
        history = await handle.fetch_history()
    assert patches_in(history.to_json()) == {"what-changes"}
