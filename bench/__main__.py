"""`python -m bench [--only NAME ...] [--full]`: one table of what the engine costs."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import table
from bench.figures import Figure, Group
from bench.rig import Rig
from bench.rows import (
    board,
    browsers,
    calendars,
    histories,
    lists,
    milestones,
    pasts,
    processor,
    reads,
    records,
    startup,
    throughput,
)
from connection import leave

GROUPS = (
    Group("calendar", calendars.measure),
    Group("records", records.measure),
    Group("start-up", startup.measure),
    Group("history", histories.measure),
    Group("reads", reads.measure),
    Group("cpu", processor.measure),
    Group("milestones", milestones.measure),
    Group("past", pasts.measure),
    Group("browsers", browsers.measure),
    Group("board", board.measure),
    # Last: what it opens stays open, and the workers remember no more than a thousand workflows.
    Group("throughput", throughput.measure),
    Group("lists", lists.measure, full=True),
)
INSTANCES = 200_000


def main() -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[group.name for group in GROUPS], help="these groups of rows")
    parser.add_argument("--full", action="store_true", help="with the rows over many instances")
    parser.add_argument("--instances", type=int, default=INSTANCES, help="how many those are, 200,000 by default")
    parser.add_argument("--markdown", action="store_true", help="for a document")
    asked = parser.parse_args()
    chosen = [group for group in GROUPS if group.name in (asked.only or ()) or _usual(group, asked)]
    began = time.monotonic()
    figures, failed = asyncio.run(_measured(chosen, asked.instances))
    table.show(figures, f"What it costs ({time.monotonic() - began:.0f} s)", markdown=asked.markdown)
    leave(int(failed))


def _usual(group: Group, asked: argparse.Namespace) -> bool:
    return not asked.only and (asked.full or not group.full)


async def _measured(groups: Sequence[Group], instances: int) -> tuple[list[Figure], bool]:
    """All figures, and whether a group of them could not be had."""
    figures: list[Figure] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="slakeeper-bench-") as folder:
        rig = Rig(Path(folder), instances=instances)
        try:
            for group in groups:
                began = time.monotonic()
                try:
                    figures += await group.measure(rig)
                except Exception as error:  # noqa: BLE001 - the other rows are still worth having
                    failed = True
                    print(f"{group.name}: {_told(error)}", file=sys.stderr)
                print(f"{group.name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
        finally:
            await rig.close()
    return figures, failed


def _told(error: BaseException) -> str:
    """The first of those that came together."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    main()
