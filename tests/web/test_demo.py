"""The demo from the board: real clocks in an organization of its own; nothing of it is left, and nothing is touched."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from domain.access.scopes import READ, WRITE
from domain.instants import HOUR, MINUTE, Instant
from domain.plan.status import InstanceStatus
from service.demo import desk, showing
from service.demo.scene import scene
from service.demo.scripts import Step, TicketScript
from service.removing import remove_organization
from store.lists.listed import ListPart
from tests.api.conftest import Api, ApiMaker
from web.http import sessions

from .conftest import Board, BoardMaker

OFFER = "Run the demo"
BANNER = "This is the demo organization"


def hurried(script: TicketScript) -> TicketScript:
    """Whatever happens to the ticket happens at once."""
    return replace(
        script, steps=tuple(Step(index / 100, one.command, one.reason) for index, one in enumerate(script.steps))
    )


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "scene", lambda: list(map(hurried, scene())))


async def demo_of(api: Api) -> str:
    found = await api.dependencies.store.organizations.demo_of(api.organization)
    assert found is not None
    return found.id


async def test_without_policies_the_demo_is_run_looked_at_and_taken_away(board: Board) -> None:
    api = board.api
    await api.with_worker()
    assert OFFER in (await board.get("/")).text
    assert (await board.send("/demo/run")).status_code == 303
    page = (await board.get("/")).text
    assert BANNER in page
    assert "Larger attachments" in page
    assert OFFER not in page
    demo = await demo_of(api)
    store = api.dependencies.store

    async def count(**filters: Any) -> int:
        return (await store.instances.page(demo, limit=1, **filters)).total

    assert await count() == 20
    async with asyncio.timeout(30):
        while await count(status="paused") != 2 or await count(status="met") != 3:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.05)
    # Those of the other organization are as they were: none.
    assert (await store.instances.page(api.organization, limit=1)).total == 0
    assert (await board.send("/demo/leave")).status_code == 303
    home = (await board.get("/")).text
    assert BANNER not in home
    assert "Go to the demo" in home
    assert (await board.send("/demo/take-away")).status_code == 303
    assert OFFER in (await board.get("/")).text
    # Of what has ended Temporal lets go later; until then the organization stands, empty and closed.
    assert await store.organizations.demo_of(api.organization) is None
    async with asyncio.timeout(30):
        while await count():  # noqa: ASYNC110 - a worker may write what it has begun; it is swept next
            await asyncio.sleep(0.1)
    listed = api.temporal.list_workflows(f'WorkflowId STARTS_WITH "sla/{demo}/" AND ExecutionStatus = "Running"')
    assert [one async for one in listed] == []
    # And again, as if nothing had been.
    await board.send("/demo/run")
    assert await demo_of(api) != demo


async def test_a_demo_is_run_by_whoever_administers(make_board: BoardMaker) -> None:
    board = await make_board(scopes=(READ, WRITE))
    assert OFFER not in (await board.get("/")).text
    assert (await board.send("/demo/run")).status_code == 403
    assert (await board.send("/demo/take-away")).status_code == 403
    assert await board.api.dependencies.store.organizations.demo_of(board.api.organization) is None


async def test_nobody_takes_away_what_is_no_demo_of_theirs(make_board: BoardMaker, make_api: ApiMaker) -> None:
    mine, theirs = await make_board(), await make_board(await make_api())
    await mine.send("/demo/run")
    demo = await demo_of(mine.api)
    await theirs.send("/demo/take-away")
    assert await demo_of(mine.api) == demo
    names = {one.id for one in await mine.api.dependencies.store.organizations.list()}
    assert {mine.api.organization, theirs.api.organization} <= names


async def test_a_demo_whose_desk_has_stopped_goes_on_when_the_api_starts_again(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, left = board.api, list[Any]()
    await api.with_worker()
    monkeypatch.setattr(showing, "_leave_to_itself", left.append)
    await board.send("/demo/run")
    # It stopped before it did anything.
    left.pop().close()
    demo = await demo_of(api)
    await showing.resume_demos(api.dependencies)
    await left.pop()
    store = api.dependencies.store
    async with asyncio.timeout(30):
        while (await store.instances.page(demo, limit=1, status=InstanceStatus.MET)).total != 3:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.05)
        # Whatever came after the desk had waited for it long enough.
        while await desk.undone(api.dependencies, demo, list(map(hurried, scene()))):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    # What is done is not done again, and after all is done nobody is at work.
    await showing.resume_demos(api.dependencies)
    assert left == []


async def test_a_demo_that_was_opened_in_part_is_opened_to_its_end(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    deps, left = board.api.dependencies, list[Any]()
    monkeypatch.setattr(showing, "_leave_to_itself", left.append)
    whole = list(map(hurried, scene()))
    with monkeypatch.context() as broken:
        broken.setattr(showing, "scene", lambda: whole[:7])
        await board.send("/demo/run")
    demo = await demo_of(board.api)
    assert (await deps.store.instances.page(demo, limit=1)).total == 7
    await showing.resume_demos(deps)
    assert (await deps.store.instances.page(demo, limit=1)).total == 20
    for one in left:
        one.close()


async def test_a_demo_that_is_taken_away_is_not_resumed(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    deps, left = board.api.dependencies, list[Any]()
    await board.send("/demo/run")
    assert await showing.take_away(deps, board.api.organization)
    monkeypatch.setattr(showing, "_leave_to_itself", left.append)
    await showing.resume_demos(deps)
    assert left == []


def test_the_steps_of_a_ticket_differ() -> None:
    for one in scene():
        assert len({step.event_id for step in one.steps}) == len(one.steps)


async def test_whose_key_is_revoked_sees_the_demo_no_longer(board: Board) -> None:
    await board.send("/demo/run")
    keys = board.api.dependencies.store.keys
    for key in (await keys.list(board.api.organization, ListPart(10))).rows:
        await keys.revoke(key.id)
    assert (await board.get("/")).headers["location"].startswith("/sign-in")


async def test_a_visit_makes_no_session_longer(board: Board) -> None:
    deps = board.api.dependencies
    until = Instant(deps.now() + HOUR)
    home = replace(sessions.begun(board.api.organization, "key_1"), until=until)
    there = home.visiting("demo-1", "key_2").visiting("demo-2", "key_3")
    assert (there.organization, there.home_organization, there.until) == ("demo-2", board.api.organization, until)
    assert there.back() == home
    app = await board.api.app.state.board.app()
    scope = {"type": "http", "headers": [], "scheme": "http", "server": ("board", 80), "path": "/", "app": app}
    answer, request = Response(), Request(scope)
    sessions.keep(answer, request, there, deps.cipher, Instant(until - MINUTE))
    assert "Max-Age=60;" in answer.headers["set-cookie"]


async def test_a_visitor_of_a_demo_that_is_taken_away_is_home_again(board: Board) -> None:
    await board.send("/demo/run")
    assert await showing.take_away(board.api.dependencies, board.api.organization)
    page = await board.get("/")
    assert page.status_code == 200
    assert BANNER not in page.text
    assert not await showing.take_away(board.api.dependencies, board.api.organization)


async def test_two_who_run_it_at_once_see_the_same_demo(board: Board) -> None:
    deps = board.api.dependencies
    home = await deps.store.organizations.get(board.api.organization)
    first, second = await asyncio.gather(showing.run_demo(deps, home), showing.run_demo(deps, home))
    assert first == second
    assert (await deps.store.instances.page(first.organization, limit=1)).total == 20


async def test_without_temporal_no_demo_is_made(board: Board) -> None:
    await board.api.lose_temporal()
    await board.send("/demo/run")
    assert "Temporal does not answer" in (await board.get("/")).text
    assert await board.api.dependencies.store.organizations.demo_of(board.api.organization) is None


async def test_what_a_worker_writes_late_goes_too(board: Board) -> None:
    """Tickets are opened while the organization is taken away: none of them is left, here or at Temporal."""
    deps = board.api.dependencies
    home = await deps.store.organizations.get(board.api.organization)
    demo = (await showing.run_demo(deps, home)).organization
    late = [replace(one, ticket_id=f"LATE-{index}") for index, one in enumerate(scene()[:3])]
    removing = asyncio.create_task(remove_organization(deps, demo, pause=0.3))
    await desk.open_tickets(deps, demo, late)
    await removing
    assert (await deps.store.instances.page(demo, limit=1)).total == 0


def test_every_state_of_the_scene_is_seen_within_a_minute() -> None:
    scripts = scene()
    assert len(scripts) == 20
    assert any(one.promise.respond < 60 and not one.steps for one in scripts), "breached"
    assert any(step.command == "pause" and step.at < 60 for one in scripts for step in one.steps)
    assert any(step.command == "resolve" and step.at < 60 for one in scripts for step in one.steps)
    assert any(one.promise.resolve > 86_400 for one in scripts), "due another day"
