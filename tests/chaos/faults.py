"""The faults of the schedule, one after the other."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from domain.instants import Instant
from tests.chaos.load import SECOND
from tests.chaos.rig import Rig
from tests.chaos.schedule import KILL, Schedule


async def commit(schedule: Schedule, rig: Rig, base: Instant) -> Counter[str]:
    """How often each happened. One that comes while another goes on waits for it; none begins after the load's end."""
    happened: Counter[str] = Counter()
    for fault in schedule.faults:
        await asyncio.sleep(max(0, base / SECOND + fault.at - time.time()))
        if time.time() > base / SECOND + schedule.seconds:
            break
        act = rig.kill if fault.action == KILL else rig.stall
        happened[str(fault) if await act(fault.part, fault.seconds) else f"{fault} (was not there)"] += 1
    return happened
