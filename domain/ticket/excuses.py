"""What an excuse, or its undoing, is about: which target, which of its cycles, the breach or the whole result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.errors import InvalidValue
from domain.fields import require_choice, require_text

LONGEST_TARGET = 500
LONGEST_NOTE = 1000


class Covers(StrEnum):
    """`breach`: a breach that had happened by then. `result`: whatever the cycle comes to."""

    BREACH = "breach"
    RESULT = "result"


@dataclass(frozen=True, slots=True)
class ExcuseScope:
    """`target` is the name of a clock such as `resolution`, `cycle` the number of one of its cycles (None: each of
    them). `covers` is None where an excuse is undone: that takes back either kind."""

    target: str
    cycle: int | None = None
    covers: Covers | None = Covers.BREACH

    @property
    def clock(self) -> str:
        """The name of the clock, whatever the stint."""
        return self.target.partition("/")[0]

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            **({} if self.cycle is None else {"cycle": self.cycle}),
            **({} if self.covers is None else {"covers": self.covers.value}),
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any], *, undoes: bool, field: str = "") -> ExcuseScope:
        """Raises InvalidValue; an undoing says nothing of what is covered."""
        at = f"{field}." if field else ""
        target = require_text(body.get("target"), f"{at}target", longest=LONGEST_TARGET)
        cycle, covers = body.get("cycle"), body.get("covers")
        if cycle is not None and (type(cycle) is not int or cycle < 1):
            raise InvalidValue(f"{at}cycle", cycle, "must be a whole number from 1 on")
        if not undoes:
            return cls(target, cycle, require_choice(covers or Covers.BREACH, Covers, f"{at}covers"))
        if covers is not None:
            raise InvalidValue(f"{at}covers", covers, "is for an excuse; undoing takes back either kind")
        return cls(target, cycle, None)
