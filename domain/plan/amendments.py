"""What has changed from one plan to the next, so that what crosses the wire does not grow with the age of a ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from domain.plan.plans import Plan, TargetPlan

Piece = list[int] | dict[str, Any]
"""Places `[start, end)` among the targets of the plan before, or the document of a target that it did not have."""


def amendment(before: Plan | None, after: Plan) -> dict[str, Any]:
    """The document of `after` in which a target that is the same in `before` is named by its place there."""
    document = after.to_json() if before is None else Plan.to_json(_without_targets(after))
    if before is not None:
        document["targets"] = _pieces(before.targets, after.targets)
    return document


def amended(before: Plan, document: Mapping[str, Any]) -> Plan:
    """The plan that an amendment of `before` describes.

    Raises KeyError, TypeError or ValueError for a document that is no amendment.
    """
    targets: list[TargetPlan] = []
    for piece in document["targets"]:
        if isinstance(piece, Mapping):
            targets.append(TargetPlan.from_json(piece))
        else:
            start, end = piece
            targets += before.targets[start:end]
    return replace(Plan.from_json({**document, "targets": []}), targets=tuple(targets))


def _without_targets(plan: Plan) -> Plan:
    return replace(plan, targets=())


def _pieces(before: Sequence[TargetPlan], after: Sequence[TargetPlan]) -> list[Piece]:
    places = {(target.name, target.cycle): place for place, target in enumerate(before)}
    pieces: list[Piece] = []
    for target in after:
        place = places.get((target.name, target.cycle))
        if place is None or before[place] != target:
            pieces.append(target.to_json())
        elif pieces and isinstance(last := pieces[-1], list) and last[1] == place:
            last[1] = place + 1
        else:
            pieces.append([place, place + 1])
    return pieces
