"""The record of an instance as a chain: each step's hash covers what the step says and the hash before it.

Whoever keeps an earlier hash can tell whether anything up to it was changed, removed, put in or moved. An export holds
all that the check needs besides this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.digests import digest, plan_digest
from domain.errors import InvalidValue, SlaError
from domain.fields import require_list, require_mapping
from domain.instants import parse, render_optional
from domain.plan.planning import plan
from domain.plan.plans import Plan
from domain.policy.snapshot import Snapshot
from domain.record.firing_audit import FiringAudit
from domain.record.records import FIRST
from domain.ticket.events import Event

FORMAT = "slakeeper-record/1"
EXPORT_FIELDS = frozenset({"format", "organization", "instance_id", "head", "steps"})
STEP_FIELDS = frozenset({"recorded_at", "previous_hash", "hash", "link"})
UNREADABLE = (SlaError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError)
NOTHING_BEFORE = ""


def link_hash(previous: str, link: Mapping[str, Any]) -> str:
    """The hash of a step that follows the one with that hash (`NOTHING_BEFORE`: it is the first of the chain)."""
    return digest({"previous": previous, "link": link})


@dataclass(frozen=True, slots=True)
class ChainFinding:
    """One fault: in which step (None: in the export itself), in which part of it, and what is wrong."""

    sequence: int | None
    part: str
    problem: str

    def __str__(self) -> str:
        where = "the export" if self.sequence is None else f"step {self.sequence}"
        return f"{where}: {self.part}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many `steps` were checked, the hash of the last one (`head`), and every fault that was found."""

    steps: int
    head: str
    findings: tuple[ChainFinding, ...]

    @property
    def holds(self) -> bool:
        return not self.findings


def verify(document: Any, head: str | None = None) -> Verdict:
    """Recompute an export: every hash, and every step's plan from the rules and the events up to it.

    `head` is a hash that was kept from an earlier look: it must be in the chain. Raises InvalidValue for a document
    that is no export.
    """
    body = require_mapping(document, "export")
    if body.get("format") != FORMAT:
        raise InvalidValue("export.format", body.get("format"), f"must be {FORMAT}")
    listed = require_list(body.get("steps"), "export.steps")
    steps = [require_mapping(one, f"export.steps[{at}]") for at, one in enumerate(listed)]
    hashes = [one.get("hash") for one in steps]
    findings = [
        *_shape_findings(body, steps),
        *_hash_findings(steps),
        *_head_findings(body, hashes, head),
        *_plan_findings(body, steps),
    ]
    return Verdict(len(steps), str(hashes[-1]) if hashes else NOTHING_BEFORE, tuple(findings))


def _shape_findings(body: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> Iterator[ChainFinding]:
    """Whether every field is known, for unknown ones are in no hash, and every `recorded_at` is a time."""
    if not steps:
        yield ChainFinding(None, "steps", "there is none")
    for key in body.keys() - EXPORT_FIELDS:
        yield ChainFinding(None, str(key), "is not known here")
    for step in steps:
        for key in step.keys() - STEP_FIELDS:
            yield ChainFinding(_sequence(step), str(key), "is not known here")
        try:
            parse(step.get("recorded_at"))
        except InvalidValue as error:
            yield ChainFinding(_sequence(step), "recorded_at", error.reason)


def _hash_findings(steps: Sequence[Mapping[str, Any]]) -> Iterator[ChainFinding]:
    previous, expected = NOTHING_BEFORE, FIRST
    for step in steps:
        link, sequence = step.get("link"), _sequence(step)
        if not isinstance(link, Mapping):
            yield ChainFinding(sequence, "link", "is missing")
            continue
        if sequence != expected:
            yield ChainFinding(sequence, "sequence", f"step {expected} should be here")
        if step.get("previous_hash") != previous:
            yield ChainFinding(sequence, "previous_hash", "is not the hash of the step before")
        try:
            previous = link_hash(previous, link)
        except (ValueError, TypeError, RecursionError) as error:
            yield ChainFinding(sequence, "link", f"has no hash: {error}")
            previous = ""
        if step.get("hash") != previous:
            yield ChainFinding(sequence, "hash", "is not that of what the step says and of the steps before")
            previous = str(step.get("hash"))
        expected = (expected if sequence is None else sequence) + 1


def _head_findings(body: Mapping[str, Any], hashes: Sequence[Any], head: str | None) -> Iterator[ChainFinding]:
    last = hashes[-1] if hashes else NOTHING_BEFORE
    if body.get("head") != last:
        yield ChainFinding(None, "head", "is not the hash of the last step")
    if head is not None and head not in hashes:
        yield ChainFinding(None, "head", f"{head} is not in the chain: what it stood for was changed or removed")


def _plan_findings(body: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> Iterator[ChainFinding]:
    own = (body.get("organization"), body.get("instance_id"))
    snapshot: Any = None
    events: list[Mapping[str, Any]] = []
    audit = FiringAudit(str(body.get("organization")), str(body.get("instance_id")))
    for step in steps:
        link = step.get("link")
        if not isinstance(link, Mapping):
            continue
        if (link.get("organization"), link.get("instance_id")) != own:
            yield ChainFinding(_number(link), "instance_id", "is of another instance")
        snapshot = link.get("snapshot") or snapshot
        events += _documents(link.get("events"))
        yield from _step_findings(link, snapshot, events, audit)


def _step_findings(
    link: Mapping[str, Any], snapshot: Any, events: Sequence[Any], audit: FiringAudit
) -> Iterator[ChainFinding]:
    sequence = _number(link)
    try:
        read = [Event.from_json(event) for event in events]
        planned = plan(Snapshot.from_json(snapshot), read)
    except UNREADABLE as error:
        yield ChainFinding(sequence, "plan", f"cannot be made from what is recorded: {error}")
        return
    if plan_digest(planned.to_json()) != link.get("plan"):
        yield ChainFinding(sequence, "plan", f"is not what rules and events come to{_made_with_another(planned, link)}")
    if render_optional(planned.closed_at) != link.get("closed_at"):
        yield ChainFinding(sequence, "closed_at", "is not what rules and events come to")
    own = read[len(read) - len(_documents(link.get("events"))) :]
    try:
        for part, problem in audit.step(planned, link, own):
            yield ChainFinding(sequence, part, problem)
    except UNREADABLE as error:
        yield ChainFinding(sequence, "firings", f"cannot be read: {error}")


def _documents(value: Any) -> Sequence[Mapping[str, Any]]:
    """The objects in the list; anything else in it breaks the hash."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else ()


def _made_with_another(planned: Plan, link: Mapping[str, Any]) -> str:
    versions = link.get("versions")
    then = versions.get("tzdata_version") if isinstance(versions, Mapping) else None
    now = (planned.versions or {}).get("tzdata_version")
    return "" if then == now else f"; it was made with time zone database {then}, here is {now}"


def _sequence(step: Mapping[str, Any]) -> int | None:
    link = step.get("link")
    return _number(link) if isinstance(link, Mapping) else None


def _number(link: Mapping[str, Any]) -> int | None:
    found = link.get("sequence")
    return found if isinstance(found, int) and not isinstance(found, bool) else None
