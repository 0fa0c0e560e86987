"""A supervisor of small children, started by the tests: `sleepers.py FOLDER KIND...`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from cli.engine.children import Service
from cli.engine.supervisor import Supervisor, parent_gone

SCRIPTS = {
    "sleeper": "import time; print('here', flush=True); time.sleep(600)",
    "deaf": "import signal, time; signal.signal(15, signal.SIG_IGN); print('here', flush=True); time.sleep(600)",
    "broken": "print('no such thing'); raise SystemExit(7)",
    "orderly": (
        "import pathlib, signal, sys, time\n"
        "def end(*_):\n"
        "    time.sleep(0.2); pathlib.Path(sys.argv[1]).open('a').write(sys.argv[2] + ' '); sys.exit()\n"
        "signal.signal(2, lambda *_: pathlib.Path(sys.argv[1]).open('a').write('interrupted '))\n"
        "signal.signal(15, end); print('here', flush=True)\n"
        "while True: time.sleep(0.05)"
    ),
}


def service(folder: Path, name: str) -> Service:
    kind = name.partition("-")[0]
    log = folder / f"{name}.log"

    async def ready() -> None:
        while not (log.exists() and "here" in log.read_text()):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.01)

    command = (sys.executable, "-c", SCRIPTS[kind], str(folder / "order"), name)
    return Service(name, command, log, ready, timeout=10, grace=0.5 if kind == "deaf" else 5)


async def main(folder: Path, names: list[str]) -> None:
    supervisor = Supervisor(tuple((name,) for name in names), print)

    async def work() -> None:
        for name in reversed(names):
            await supervisor.start(service(folder, name))
        print("all started", flush=True)
        await supervisor.watch()

    await supervisor.run(work, until=parent_gone)
    print("all stopped", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
