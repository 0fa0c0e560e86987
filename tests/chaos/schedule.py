"""What is sent and what is done to the engine at which second of the run: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from tests.chaos.stories import Story, Told, stories

SHARE_OF_LATE = 0.2
LATEST = 8.0
SHARE_OF_DOUBLED = 0.15
FIRST_FAULT = 4.0
BETWEEN_FAULTS = (5.0, 10.0)
# At least; a run of the full length has this many a second.
INSTANCES_A_SECOND = 150 / 240


@dataclass(frozen=True, slots=True)
class Send:
    """One request, `at` so many seconds after the start."""

    at: float
    story: Story
    told: Told
    is_late: bool = False
    is_double: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """`seconds`: how long a stall lasts, or a part that nobody restarts by itself stays away."""

    at: float
    action: str
    part: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.action} {self.part}"


@dataclass(frozen=True, slots=True)
class Schedule:
    seed: int
    seconds: float
    stories: tuple[Story, ...]
    sends: tuple[Send, ...]
    faults: tuple[Fault, ...]
    receiver_seed: int
    dashboard_seed: int


KILL, STALL = "kill", "stall"
EVERYTHING = "everything"
ALONE = ("worker", "api", "temporal", "receiver")
DATABASE = "database"


def make(seed: int, seconds: float, instances: int, *, own_database: bool) -> Schedule:
    """`own_database`: whether the store is a process that can be killed."""
    random = Random(seed)
    told = stories(random, instances, seconds)
    sends = sorted((send for story in told for send in _sends(random, story)), key=lambda send: send.at)
    faults = [*product((KILL, STALL), (*ALONE, EVERYTHING)), (STALL, DATABASE)]
    # A store that is a file is locked instead.
    faults += [(KILL, DATABASE)] if own_database else []
    return Schedule(
        seed=seed,
        seconds=seconds,
        stories=told,
        sends=tuple(sends),
        faults=tuple(_faults(random, seconds, faults)),
        receiver_seed=random.randrange(2**32),
        dashboard_seed=random.randrange(2**32),
    )


def _sends(random: Random, story: Story) -> Iterator[Send]:
    for told in (story.opening, *story.events):
        is_late = random.random() < SHARE_OF_LATE
        at = told.at + (random.uniform(1, LATEST) if is_late else random.uniform(0, 0.2))
        yield Send(at, story, told, is_late=is_late)
        if random.random() < SHARE_OF_DOUBLED:
            yield Send(at + random.choice((0, 0, random.uniform(0, 5))), story, told, is_double=True)


def _faults(random: Random, seconds: float, faults: Sequence[tuple[str, str]]) -> Iterator[Fault]:
    """Each action meets each part before one comes again."""
    at, deck = FIRST_FAULT, list[tuple[str, str]]()
    while at < seconds:
        if not deck:
            deck = list(faults)
            random.shuffle(deck)
        yield Fault(at, *deck.pop(), random.uniform(1, 6))
        at += random.uniform(*BETWEEN_FAULTS)
