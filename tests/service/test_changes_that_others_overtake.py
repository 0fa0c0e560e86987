from __future__ import annotations

import pytest

from domain.errors import Conflict, Outdated
from service.tools.concurrency import ATTEMPTS, with_retries


class OvertakenChange:
    """A change that others overtake so many times."""

    def __init__(self, times: int, error: type[Conflict] = Outdated) -> None:
        self._times = times
        self._error = error
        self.made = 0

    async def __call__(self) -> str:
        self.made += 1
        if self.made <= self._times:
            raise self._error("somebody else was quicker")
        return "done"


@pytest.mark.parametrize("times", [0, 1, ATTEMPTS - 1])
async def test_a_change_begins_anew_for_as_long_as_others_overtake_it(times: int) -> None:
    change = OvertakenChange(times)
    assert (await with_retries(change), change.made) == ("done", times + 1)


async def test_a_change_that_is_always_overtaken_is_given_up() -> None:
    change = OvertakenChange(ATTEMPTS)
    with pytest.raises(Outdated):
        await with_retries(change)
    assert change.made == ATTEMPTS


async def test_another_conflict_is_not_tried_again() -> None:
    change = OvertakenChange(1, Conflict)
    with pytest.raises(Conflict):
        await with_retries(change)
    assert change.made == 1
