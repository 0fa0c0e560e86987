"""`python -m tests.chaos`: attack the engine from outside, and tell whether anything was lost."""

from __future__ import annotations

import argparse
import asyncio

from connection import leave
from tests.chaos.run import run
from tests.chaos.schedule import INSTANCES_A_SECOND, make


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--instances", type=int, help="tickets; left out: 150 in 240 s")
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--keep", action="store_true", help="keep the data folder of a good run, too")
    given = parser.parse_args()
    tickets = given.instances or max(1, round(given.seconds * INSTANCES_A_SECOND))
    schedule = make(given.seed, given.seconds, tickets, own_database=given.store == "postgres")
    report = asyncio.run(run(schedule, given.store, keep=given.keep))
    print("\n".join(report.lines()))
    return 1 if report.differences else 0


if __name__ == "__main__":
    # The SDK's threads may still be on their way out of a call.
    leave(main())
