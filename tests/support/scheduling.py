"""Which test process runs what, and when: files whose tests wait beside files whose tests work, so that the cores are
busy from the first second to the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xdist.scheduler import LoadFileScheduling

# What one process runs, for it would cost more to set up what they share once more: a browser on an engine, and a
# process in which every command is loaded.
TOGETHER = ("tests/web/browser/", "tests/cli/test_")
# They wait more than they work: for engines to start, for clocks, for a browser. The longest come first.
PATIENT = (
    "tests/web/browser/",
    "tests/e2e/",
    "tests/cli/engine/test_up.py",
    "tests/chaos/",
    "tests/demo/",
    "tests/api/v1/test_scrubbe_document.py",
    "tests/docs/test_upstream.py",
    "tests/workflows/faults/",
    "tests/workflows/telling/",
    "tests/workflows/",
    "tests/service/",
    "tests/cli/",
    "tests/store/database/",
)
# A long one that works must not come last either.
LONG = ("tests/replay/",)


class Mixed(LoadFileScheduling):  # type: ignore[misc]  # it is not typed
    """Half of the processes run what waits, the others what works, as long as there is both."""

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        self._waiting: dict[Any, bool] = {}

    def _split_scope(self, nodeid: str) -> str:
        return next((place for place in TOGETHER if nodeid.startswith(place)), super()._split_scope(nodeid))

    def _assign_work_unit(self, node: Any) -> None:
        others = sum(waits for one, waits in self._waiting.items() if one is not node and one in self.nodes)
        scope = chosen(list(self.workqueue), wanted=others < len(self.nodes) // 2)
        self._waiting[node] = is_patient(scope)
        self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)


def chosen(scopes: Sequence[str], *, wanted: bool) -> str:
    """The next of those that wait if they are wanted, else of those that work; of the others where there are none."""
    fitting = [scope for scope in scopes if is_patient(scope) == wanted] or scopes
    return min(fitting, key=lambda scope: (_rank(scope, PATIENT), _rank(scope, LONG)))


def is_patient(scope: str) -> bool:
    return scope.startswith(PATIENT)


def _rank(scope: str, places: Sequence[str]) -> int:
    return next((rank for rank, place in enumerate(places) if scope.startswith(place)), len(places))
