"""The shape of every document that goes through Temporal, so that the type checker sees its keys.

All of it is plain JSON; instants are RFC 3339 texts in UTC. Documents of the core (a plan, a snapshot, an event, a
firing, a record, a notice) are made and read by the class of that name, so they are mere mappings here. Large documents
travel packed (workflows/packing.py); these are their shapes once they are unpacked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict, final

Document = dict[str, Any]
"""Any JSON object, packed or not."""

CoreDocument = Mapping[str, Any]
"""What `to_json` of a class of the core has written and its `from_json` reads."""


class SetAside(TypedDict):
    """The signals that were refused: how many in all, and the last of them (`Refusal.to_json`)."""

    count: int
    recent: Sequence[CoreDocument]


# Signals


class SignalPayload(TypedDict, total=False):
    """What a sender may give; docs/signals.md says what each field means. `attributes` is another name of `fields`.

    `read_signal` reads it and trusts nothing in it.
    """

    event_id: str | None
    occurred_at: str | None
    source: str
    actor: str | CoreDocument
    reason: str
    cause: str
    fields: CoreDocument
    attributes: CoreDocument
    team_id: str | None
    until: str | CoreDocument
    ends_when: str | CoreDocument | Sequence[str | CoreDocument]
    target: str
    cycle: int | None
    covers: str | None
    rules: CoreDocument
    sequence: int | None
    precision: str | None
    quiet: bool


class BatchedEvent(SignalPayload):
    """One of several events: `type` is the name of its signal, or of the fact that the signal tells."""

    type: str


class BatchPayload(TypedDict):
    """What the signal `events` carries. With `quiet` every event is quiet that does not say otherwise."""

    events: Sequence[BatchedEvent]
    quiet: NotRequired[bool]


class SignalDocument(TypedDict):
    """A signal that another run was sent, as that run took it or would have: `at` is when Temporal took it."""

    name: str
    payload: Any
    at: str


class PlannedEventDocument(TypedDict):
    """What the update `planned` brings: an event, and what it makes of the instance.

    `basis` is the digest of the events before it and `before` that of their plan; `plan` is an amendment of that plan,
    `plan_digest` the digest of the new one. Whoever sends it records the step that the event makes, and knows that all
    earlier steps of such updates up to number `recorded` are recorded. `attributes` are the names of the search
    attributes that may be set.
    """

    event: CoreDocument
    basis: str
    before: str
    plan: CoreDocument
    plan_digest: str
    recorded: int
    attributes: Sequence[str]


# The input of a run. With the ticket alone it is the body of `POST /api/v2/sla/instances`.


class Beginning(TypedDict):
    """What an instance begins with."""

    snapshot: CoreDocument
    plan: CoreDocument
    opened: CoreDocument


class StartInput(TypedDict, total=False):
    """A new instance has its beginning, and `recorded` where whoever starts it records its first step. A run that
    continues another one has its `carried` state (a packed `StateDocument`) and the search `attributes` shown last. A
    run that follows one which ended before the instance was over has `after`: the id of that run."""

    snapshot: CoreDocument
    plan: CoreDocument
    opened: CoreDocument
    recorded: bool
    carried: Document
    attributes: dict[str, str | None]
    after: str


class NoticeOnItsWay(TypedDict):
    """A notice that some channel has not settled yet; `settled` are deliveries, `since` is when sending began."""

    notice: CoreDocument
    settled: list[Document]
    since: NotRequired[str | None]


class StateDocument(TypedDict):
    """All that an instance knows, for the next run, or (without `unrecorded`) as the store has it.

    `snapshot` is null as long as the store lacks the step that brings it. `ongoing` is what the newest step says.
    """

    snapshot: CoreDocument | None
    plan: CoreDocument
    events: Sequence[CoreDocument]
    ledger: Sequence[CoreDocument]
    sequence: int
    set_aside: SetAside
    ongoing: NotRequired[bool]
    outstanding: NotRequired[Sequence[NoticeOnItsWay]]
    unrecorded: NotRequired[Sequence[CoreDocument]]
    auto_escalate: NotRequired[bool]
    status: NotRequired[str]


# Activities: what each is asked, and what it answers. `newest` is the number of the newest step there is, whichever the
# request is about; `attributes` are the names of the search attributes that may be set.


class LoadRequest(TypedDict):
    """`ticket` is the start input of a new instance, `after` the run that ended before the instance was over."""

    organization: str
    instance_id: str
    ticket: Any
    started_at: str
    after: str | None


class LoadAnswer(TypedDict, total=False):
    """`recorded` (a packed `StateDocument`) of an instance that is recorded, the beginning of a new one, or nothing: no
    policy, or none of its targets, applies to the ticket. `missed` are signals to an earlier run that no record shows.
    """

    recorded: Document
    snapshot: CoreDocument
    plan: CoreDocument
    opened: CoreDocument
    missed: Sequence[SignalDocument]
    attributes: list[str]


class EarlierRun(TypedDict):
    """What runs that ended before the instance was over have left: `start` is the input that the first of them had."""

    start: StartInput
    started_at: str | None
    signals: Sequence[SignalDocument]
    records: NotRequired[Sequence[CoreDocument]]


class HistoryDocument(TypedDict):
    """What new events are added to."""

    snapshot: CoreDocument
    events: Sequence[CoreDocument]


class StepContextDocument(TypedDict):
    """`StepContext.to_json`: where the instance stands as it takes new events."""

    organization: str
    instance_id: str
    sequence: int
    now: str
    fired: list[list[Any]]
    undelivered: bool
    set_aside: SetAside


class TakenEventDocument(StepContextDocument):
    """The answer of the update `planned`: what its step is made from besides the plan, and the digests of the events
    before and of the plan. An update that is sent again is answered as it was, with the event as it came first."""

    event: CoreDocument
    basis: str
    plan_digest: str
    newest: int


class NewEvents(TypedDict):
    """`unstamped` are the ordinals of signals that bear no time, by event id; `signals` is how many the run has taken.

    `basis` is the digest of the events before these, `plan_digest` that of their plan.
    """

    events: list[Document]
    unstamped: dict[str, int]
    signals: int
    basis: str
    newest: int
    plan_digest: str


class ApplyRequest(StepContextDocument, NewEvents):
    """`history` is there where the worker may not have what the events are added to."""

    history: NotRequired[HistoryDocument]


@final
class ApplyAnswer(TypedDict):
    """`plan` is an amendment of the one whose digest was sent, `plan_digest` that of the new plan; `snapshot` is there
    where the events have changed it. `stamped` are the instants of signals by event id. What is not `recorded` is the
    workflow's to have written."""

    plan: CoreDocument
    plan_digest: str
    stamped: Mapping[str, str]
    recorded: bool
    attributes: list[str]
    snapshot: NotRequired[CoreDocument]


@final
class HistoryLacking(TypedDict):
    """Nobody has what the events are added to, so it must be sent along."""

    lacks_history: bool


class TellRequest(TypedDict):
    """A step whose `notices` (ids) are to be sent before it is recorded; `ongoing_besides` is whether the instance goes
    on even when all of them are settled."""

    record: CoreDocument
    notices: list[str]
    ongoing_besides: bool
    newest: int


class SendingOutcome(TypedDict):
    """How notices fared by the time their step was recorded; `settled` are ids of those that wait for no channel.

    `outcomes` is what became of the actions of escalations that had to be looked up or were carried out, by id of the
    notice.
    """

    deliveries: list[Document]
    settled: Sequence[str]
    outcomes: NotRequired[Mapping[str, Sequence[CoreDocument]]]


class TellAnswer(SendingOutcome):
    """`late` are deliveries made after the step was recorded, with `late_outcomes` of their actions; `pending` are the
    ids of notices still to be delivered."""

    recorded: bool
    late: list[Document]
    late_outcomes: NotRequired[Mapping[str, Sequence[CoreDocument]]]
    pending: list[str]
    attributes: list[str]


class RecordRequest(TypedDict):
    records: list[Document]
    newest: int


class RecordAnswer(TypedDict):
    attributes: list[str]


class DeliverRequest(TypedDict):
    """`settled` are the channels that are through, `only` those to be tried (null: all), `since` is the instant of the
    first request."""

    notice: CoreDocument
    settled: list[str]
    only: NotRequired[list[str] | None]
    since: NotRequired[str]


class DeliverAnswer(TypedDict):
    """`pending` are the channels that have not taken the notice yet; `outcomes` is as in a `SendingOutcome`."""

    deliveries: list[Document]
    pending: list[str]
    outcomes: NotRequired[Mapping[str, Sequence[CoreDocument]]]


class EscalateRequest(TypedDict):
    """`last_known` is what the instance itself remembers."""

    organization: str
    last_known: bool


class EscalateAnswer(TypedDict):
    auto_escalate: bool


# What a run answers


class RunResult(TypedDict):
    status: str


@final
class OpeningAnswer(TypedDict):
    """The answer of the query `state` before the first plan is there."""

    status: str
    applied: list[str]
    set_aside: SetAside


@final
class StateAnswer(TypedDict):
    """The answer of the query `state`; docs/signals.md says what each field means."""

    organization: str
    instance_id: str
    status: str
    closed_at: str | None
    as_of: str
    plan: CoreDocument
    ledger: list[Document]
    applied: list[str]
    occurred_at: dict[str, str]
    set_aside: SetAside
    undelivered: list[str]
    unrecorded: int
    sequence: int
    snapshot: CoreDocument
