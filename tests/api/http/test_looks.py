from __future__ import annotations

import asyncio

from service.tools.polling import polls


async def test_there_is_one_look_however_little_time_there_is() -> None:
    assert len([one async for one in polls(0)]) == 1


async def test_looks_come_ever_later_and_the_last_one_when_the_time_is_up() -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    times = [clock() - began async for _ in polls(0.3)]
    assert 2 <= len(times) <= 8
    assert times[0] < 0.3 <= times[-1]
