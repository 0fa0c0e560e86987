"""What the activities need from outside. `worker.py` puts the real things in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from domain.instants import Instant
from domain.people.directory import Reach
from domain.policy.catalog import Catalog
from domain.record.records import Delivery, Record
from workflows.documents import EarlierRun, StateDocument


class NoticeChannel(Protocol):
    """What the activities need of a channel (channels/channel.py).

    `name` stands in histories: it is the same after every restart and carries no secret.
    """

    @property
    def name(self) -> str: ...

    async def send(self, notice: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
        """Returns once the receiver has taken the CloudEvent. Raises NoticeRefused or NoticeFailed.

        A channel that carries out the actions of escalations returns what became of all the notice's actions.
        """


class Connectors(Protocol):
    """Finds the way back to ticket systems."""

    async def find(self, organization: str, system: str) -> str | None:
        """The id of the source whose connector leads to the system, which events name so; None where none does.

        Raises StoreUnavailable while nobody can say.
        """


class NoConnectors:
    """Of a worker that writes to no ticket system."""

    async def find(self, organization: str, system: str) -> str | None:  # noqa: ARG002 - the port's
        return None


@dataclass(frozen=True, slots=True)
class Found:
    """Channels of an organization that a notice goes to. `known` is false while nobody can say which there are."""

    channels: Sequence[NoticeChannel]
    known: bool = True


class Addressees(Protocol):
    """Finds those whom escalations name: a lead, a contact, whoever is on call."""

    async def find(self, organization: str, action: str, whom: str, at: Instant) -> Reach:
        """Who they are at that instant, and the names of their channels.

        `action` is the type of the action, which says what `whom` names: `notify_contact` a contact by id, name or
        address, `notify_on_call` a rota. Raises StoreUnavailable while nobody can say.
        """

    async def channels(self, organization: str, outcomes: Sequence[Mapping[str, Any]]) -> Found:
        """The channels that the outcomes of a notice name, of those who were found. Raises nothing."""


Receivers = Callable[[Mapping[str, Any]], Awaitable[Found]]
"""The receivers that an organization has for a notice of its own. Raises nothing."""


async def no_receivers(_notice: Mapping[str, Any]) -> Found:
    """Of a worker that knows the operator's channels alone."""
    return Found(())


InVain = Callable[[Mapping[str, Any], str, str, Instant | None, Instant], None]
"""Called with (notice, channel, error, when the attempt began, when it ended) of an attempt that is made again.

It began at None where nothing was sent, for too much else was on its way there.

It keeps nobody waiting and raises nothing.
"""


def unheard(
    _notice: Mapping[str, Any], _channel: str, _error: str, _began_at: Instant | None, _ended_at: Instant
) -> None:
    """Of a worker that keeps no log."""


class Projection(Protocol):
    """The store, as far as an instance needs it. Raises StoreUnavailable, ProjectionConflict, PlanMissing."""

    async def apply(self, record: Record) -> None: ...

    async def deliveries(self, step: Record) -> Sequence[Delivery]:
        """The deliveries that are recorded of the step's notices."""

    async def load(self, organization: str, instance_id: str) -> StateDocument | None:
        """What is recorded of an instance; None when there is nothing."""

    async def catalog(self, organization: str) -> Catalog: ...

    async def auto_escalate(self, organization: str) -> bool:
        """Whether the organization sends breaches to the escalation contacts. Raises NotFound."""


@dataclass(frozen=True, slots=True)
class Signals:
    """The signals of a run as they were known when it asked for an activity: `count` of them."""

    workflow_id: str
    run_id: str
    activity_id: str
    count: int


SignalTimes = Callable[[Signals, frozenset[int]], Awaitable[Mapping[int, str]]]
"""When the run's n-th signals reached Temporal: (signals, ordinals) to RFC 3339 texts."""

EarlierRuns = Callable[[str, str | None], Awaitable[EarlierRun | None]]
"""What earlier runs of a workflow have left: called with the workflow's id and the id of its last run (None where that
is not known). None where no run ended before its instance was over.

Every record that their histories hold is in the store afterwards.
"""

Refused = Callable[[str, str], None]
"""Called with (workflow id, run id) of a run whose record the store refused, because it contradicts what is there."""

SearchAttributes = Callable[[], list[str]]
"""Names of the search attributes that the namespace has."""
