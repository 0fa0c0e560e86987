"""Documents that are all right, and values that are not, for the tests of what the core refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.errors import LONGEST_SHOWN, InvalidValue
from tests.support.builders import a_snapshot

NAN, INFINITE = float("nan"), float("inf")

NO_TEXTS: tuple[Any, ...] = (1, 1.5, True, [], {}, b"x", {1}, object())
NO_CHOICES: tuple[Any, ...] = (None, "", "nonsense", *NO_TEXTS, NAN)
NO_FLAGS: tuple[Any, ...] = (None, "true", 1, 0, [], {})
NO_LISTS: tuple[Any, ...] = ("x", {}, 1, False)
NO_LENGTHS: tuple[Any, ...] = (
    -1,
    True,
    False,
    "",
    "x",
    "NaN",
    "inf",
    NAN,
    INFINITE,
    [],
    {},
    "1e999999999",
    10**5000,
    1e9,
)
NO_SHARES: tuple[Any, ...] = (0, -1, 100.1, "x", "NaN", "sNaN", "inf", "1e-400", 10**400, True, [], {}, NAN, INFINITE)
NO_VERSIONS: tuple[Any, ...] = (None, 0, -1, 1.0, "x", True, [], {})
NO_INSTANTS: tuple[Any, ...] = (
    *(None, "", "soon", 5, NAN, [], {}, "2026-03-02", "2026-03-02T09:00:00", "1969-12-31T23:59:59Z"),
    *("2101-01-01T00:00:01Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+01:00"),
)

TARGET: dict[str, Any] = {"type": "resolution", "hours": 1}
STEP: dict[str, Any] = {"id": "1", "trigger": "approaching_breach", "threshold_minutes": 5}
SHARE: dict[str, Any] = {"id": "1", "trigger": "approaching_breach", "trigger_percent": 50}
AFTER: dict[str, Any] = {"id": "1", "trigger": "breached", "delay_minutes": 5}
CONDITION: dict[str, Any] = {"field": "priority", "operator": "eq", "value": "high"}
POLICY: dict[str, Any] = {"name": "P", "targets": [TARGET], "escalations": [STEP], "conditions": [CONDITION]}
TICKET: dict[str, Any] = {"ticket_id": "42"}
NINE = "2026-03-02T09:00:00Z"
EVENT: dict[str, Any] = {"kind": "paused", "event_id": "e1", "occurred_at": NINE, "received_at": NINE}
SNAPSHOT: dict[str, Any] = a_snapshot().to_json()

Reader = Callable[..., Any]
Case = tuple[Reader, dict[str, Any], str, tuple[Any, ...], str]
"""Reader, a document it takes, the key that is changed, the values that are refused there, and the path named."""


def require_refusals(case: Case) -> None:
    read, document, key, values, path = case
    read(document)
    for value in values:
        with pytest.raises(InvalidValue) as refusal:
            read({**document, key: value})
        assert refusal.value.field == path, value
        assert str(refusal.value).startswith(f"{path}: ")
        assert len(str(refusal.value)) < LONGEST_SHOWN + 200


def label(case: object) -> str:
    return f"{case[4]} from {case[2]}" if isinstance(case, tuple) else ""


def nested(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(levels - 1):
        document = {"a": document}
    return document
