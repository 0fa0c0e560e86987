"""One receiver that hangs holds up no other: few are on their way to it, and it is left alone for a while."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels.channel import Destination, Outside
from channels.outgoing import doors as limits
from channels.outgoing.doors import AT_ONCE, HANGS, HANGS_SECONDS, MOST_AT_ONCE, REST_SECONDS, SOONEST_SECONDS, Doors
from channels.registry import open_behind_door
from domain.errors import NoticeFailed, NoticeNotTried, NoticeRefused
from tests.channels.test_webhooks_send_cloud_events import NOTICE
from tests.support.peers.outside import reaching

DOOR = "webhook:rcv_desk"
NO_CONTENT = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"


class Time:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Desk:
    """A receiver that takes a notice once it is let."""

    def __init__(self, time: Time) -> None:
        self.doors = Doors(time)
        self.time = time
        self.came: list[int] = []
        self.most = 0
        self._open: dict[int, asyncio.Event] = {}

    def send(self, number: int) -> asyncio.Task[None]:
        return asyncio.create_task(self.doors.through(DOOR, lambda: self._take(number)))

    async def _take(self, number: int) -> None:
        self.came.append(number)
        self._open[number] = asyncio.Event()
        self.most = max(self.most, len(self._open))
        await self._open[number].wait()
        del self._open[number]

    def take(self) -> None:
        for one in self._open.values():
            one.set()


async def fail(doors: Doors, time: Time, seconds: float, error: type[Exception] = NoticeFailed) -> Exception:
    """One attempt that fails after so long."""

    async def send() -> None:
        time.seconds += seconds
        raise error("no")

    with pytest.raises(NoticeFailed if error is NoticeFailed else error) as caught:
        await doors.through(DOOR, send)
    return caught.value


async def taken(doors: Doors) -> str:
    async def send() -> str:
        return "taken"

    return await doors.through(DOOR, send)


async def settled(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - tasks that are ready to run
            await asyncio.sleep(0)


async def test_few_are_on_their_way_at_first_and_more_follow_in_their_order_where_they_are_answered() -> None:
    desk = Desk(Time())
    sends = [desk.send(number) for number in range(300)]
    for came in (AT_ONCE, 3 * AT_ONCE, 7 * AT_ONCE, 7 * AT_ONCE + MOST_AT_ONCE, 300):
        await settled(lambda came=came: len(desk.came) == came)  # type: ignore[misc]
        desk.take()
    await asyncio.gather(*sends)
    assert desk.came == list(range(300))
    assert desk.most == MOST_AT_ONCE


async def test_nobody_waits_for_long_and_who_is_sent_away_has_a_turn_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.01)
    desk = Desk(Time())
    sends = [desk.send(number) for number in range(AT_ONCE + 40)]
    away = await asyncio.gather(*sends[AT_ONCE:], return_exceptions=True)
    assert all(isinstance(one, NoticeNotTried) and "20 others" in one.message for one in away)
    turns = sorted(getattr(one, "retry_after", 0.0) for one in away)
    assert turns == pytest.approx([SOONEST_SECONDS * (1 + number / AT_ONCE) for number in range(40)])
    with pytest.raises(NoticeNotTried):
        await desk.send(99)
    desk.take()
    await asyncio.gather(*sends[:AT_ONCE])
    assert await taken(desk.doors) == "taken"
    assert desk.came == list(range(AT_ONCE))


@pytest.mark.parametrize("waiting", [True, False], ids=["in the row", "on its way"])
async def test_who_goes_away_gives_the_place_to_the_next(waiting: bool) -> None:
    desk = Desk(Time())
    sends = [desk.send(number) for number in range(AT_ONCE + 2)]
    await settled(lambda: len(desk.came) == AT_ONCE)
    gone = sends[AT_ONCE if waiting else 0]
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    desk.take()
    await settled(lambda: AT_ONCE + 1 in desk.came)
    desk.take()
    await asyncio.gather(*(one for one in sends if one is not gone))


async def test_a_receiver_that_hangs_is_left_alone_and_longer_each_time() -> None:
    time = Time()
    doors = Doors(time)
    for rest in (REST_SECONDS, 2 * REST_SECONDS, 4 * REST_SECONDS):
        while not isinstance(error := await fail(doors, time, HANGS_SECONDS), NoticeNotTried):
            pass
        assert f"{HANGS} times in a row" in error.message
        time.seconds += rest
    assert await taken(doors) == "taken"
    for _ in range(HANGS):
        assert not isinstance(await fail(doors, time, HANGS_SECONDS), NoticeNotTried)
    assert (await fail(doors, time, 0)).retry_after == pytest.approx(REST_SECONDS)  # type: ignore[attr-defined]


async def test_after_its_rest_one_goes_ahead_and_the_others_follow_once_it_was_answered() -> None:
    time = Time()
    desk = Desk(time)
    for _ in range(HANGS):
        await fail(desk.doors, time, HANGS_SECONDS)
    time.seconds += REST_SECONDS
    sends = [desk.send(number) for number in range(AT_ONCE)]
    await settled(lambda: desk.came == [0])
    desk.take()
    await settled(lambda: len(desk.came) == AT_ONCE)
    desk.take()
    await asyncio.gather(*sends)


@pytest.mark.parametrize(("error", "seconds"), [(NoticeFailed, HANGS_SECONDS - 1), (NoticeRefused, HANGS_SECONDS + 1)])
async def test_a_receiver_that_says_no_does_not_hang(error: type[Exception], seconds: float) -> None:
    time = Time()
    doors = Doors(time)
    for _ in range(3 * HANGS):
        assert type(await fail(doors, time, seconds, error)) is error


async def test_two_hundred_notices_for_a_receiver_that_hangs_keep_none_from_the_one_that_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A receiver that hangs is left alone for a while; its notices wait, and keep no other waiting."""
    monkeypatch.setattr(limits, "HANGS_SECONDS", 0.5)
    monkeypatch.setattr(limits, "WAIT_SECONDS", 60.0)
    async with serving(None) as (silent, connected), serving(NO_CONTENT) as (url, answered), reaching() as outside:
        sends = [sent(silent, "rcv_hangs", outside) for _ in range(200)]
        well = [sent(url, "rcv_desk", outside) for _ in range(200)]
        answers = await asyncio.gather(*sends, *well, return_exceptions=True)
        again = await asyncio.gather(sent(silent, "rcv_hangs", outside), return_exceptions=True)
    assert (answers[200:], len(answered)) == ([None] * 200, 200)
    # The first that hang make room for as many more, until it is clear that all of them do.
    assert AT_ONCE <= len(connected) < AT_ONCE + HANGS
    kinds = Counter(type(one) for one in (*answers[:200], *again))
    assert kinds == {NoticeFailed: len(connected), NoticeNotTried: 201 - len(connected)}


async def test_all_mail_goes_through_one_server_and_so_through_one_door() -> None:
    async with reaching() as outside:
        ada, grace = (open_behind_door("email", Destination(f"{one}@example.com"), outside) for one in ("ada", "grace"))
        hooks = [open_behind_door("webhook", Destination("http://x.test", id=one), outside) for one in ("a", "b")]
    assert ada.name != grace.name
    assert ada.behind == grace.behind
    assert hooks[0].behind != hooks[1].behind


def sent(url: str, id_: str, outside: Outside) -> Awaitable[Any]:
    return open_behind_door("webhook", Destination(url, id=id_), outside).send(NOTICE)


@asynccontextmanager
async def serving(answer: bytes | None) -> AsyncIterator[tuple[str, list[asyncio.StreamWriter]]]:
    """A receiver that gives every request that answer, or takes connections and says nothing; and its connections."""
    connected: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.append(writer)
        if answer is not None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", connected
    finally:
        for writer in connected:
            writer.close()
        server.close()
