"""The supervisor starts each child through this script: `leash.py PARENT_PID COMMAND...`, run with -I.

It ties the process to its parent's life, shields it from the terminal's Ctrl-C, and then becomes the command. It
imports the standard library only.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have died before the call above, and then no signal comes any more.
    if os.getppid() != parent:
        sys.exit(1)


def main(parent: str, *command: str) -> None:
    die_with(int(parent))
    # Blocked rather than ignored: asyncio and uvicorn install handlers, which would undo "ignored".
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
