"""What a round has found and done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from domain.instants import MINUTE, Micros

OVERDUE_AFTER = Micros(MINUTE)
"""How long after its planned instant a milestone that has not fired counts as overdue."""


class Trouble(StrEnum):
    """What can be wrong with an instance that is recorded, or runs, or should run."""

    GONE = "gone"
    """It is recorded and not over, but no workflow runs for it: that was lost, terminated, or failed."""
    UNRECORDED = "unrecorded"
    """Its workflow has sent the store records that the store does not have."""
    WEDGED = "wedged"
    """Its history cannot be replayed, so that no task of it will ever succeed."""
    CONTRADICTORY = "contradictory"
    """Its run has another past than the record: it was reset, or Temporal was restored from an older copy."""
    FAILING = "failing"
    """Its tasks fail although its history can be replayed."""
    OVERDUE = "overdue"
    """A milestone should have fired more than a minute ago."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`done` is what was done, or would be done without `dry`; None if only people can help."""

    trouble: Trouble
    workflow_id: str
    detail: str
    done: str | None

    def __str__(self) -> str:
        return f"{self.workflow_id}: {self.trouble}: {self.detail}; {self.done or 'nothing was done'}"

    def to_json(self) -> dict[str, Any]:
        return {
            "trouble": self.trouble.value,
            "workflow_id": self.workflow_id,
            "detail": self.detail,
            "done": self.done,
        }


@dataclass(slots=True)
class Report:
    """`recorded` instances that are not over and `running` workflows were compared."""

    recorded: int = 0
    running: int = 0
    finished: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def unhealed(self) -> Sequence[Finding]:
        return [finding for finding in self.findings if finding.done is None]

    def counts(self) -> dict[str, int]:
        """The number of findings of each trouble."""
        return dict(Counter(finding.trouble.value for finding in self.findings))

    def to_json(self) -> dict[str, Any]:
        return {
            "recorded": self.recorded,
            "running": self.running,
            "finished": self.finished,
            "findings": [finding.to_json() for finding in self.findings],
        }
