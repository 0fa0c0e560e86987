"""Sending a replan to its instances, and what they record of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from domain.errors import NotFound
from domain.instants import render
from service.dependencies import Dependencies
from service.instances.commands import send
from service.instances.signals import Signal
from service.tools.concurrency import all_settled
from service.tools.polling import polls
from store.instances.replans import InstanceReplan, Replan
from workflows.messages import REPLAN

SOURCE = "replan"
# The number of instances to which a replan is sent at the same time.
AT_ONCE = 20
# The longest pause between two looks at the records of all of them, in seconds.
LONGEST_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class ReplanProgress:
    """The number of instances that have recorded the replan, and the reasons of those that do not take it."""

    replan: Replan
    instances: int
    applied: int
    refused: Mapping[str, str]

    @property
    def pending(self) -> int:
        return self.instances - self.applied - len(self.refused)


@dataclass(frozen=True, slots=True)
class _Message:
    """A replan event and the rules that it puts in place."""

    event_id: str
    rules: Mapping[str, Any]


_Messages = Mapping[str, Sequence[_Message]]


async def put_in_place(deps: Dependencies, organization: str, replan: Replan) -> ReplanProgress:
    """Send the replan to its instances that have not recorded it. Raises Conflict as soon as it is being undone."""
    kept = await deps.store.replans.changed(organization, replan.id)
    shown = await deps.store.replanned.recorded(organization, replan.id, replan.event_id)
    messages = {one.instance_id: [_Message(replan.event_id, one.rules_after)] for one in _open(kept, shown)}
    for chunk in _chunks(messages):
        # From here on an undo reaches these instances; it ends this loop before the next chunk.
        await deps.store.replans.mark_sent(organization, replan.id, list(chunk))
        await _send(deps, organization, replan, chunk)
    return await _progress(deps, organization, replan, kept, messages)


async def take_back(deps: Dependencies, organization: str, replan: Replan) -> ReplanProgress:
    """Send the undo to the instances that may know the replan, and to no others."""
    kept = [one for one in await deps.store.replans.changed(organization, replan.id) if one.is_sent]
    shown = await deps.store.replanned.recorded(organization, replan.id, replan.undo_id)
    taken = await deps.store.replanned.recorded(organization, replan.id, replan.event_id)
    messages = {one.instance_id: _undoing(replan, one, one.instance_id in taken) for one in _open(kept, shown)}
    for chunk in _chunks(messages):
        await _send(deps, organization, replan, chunk)
    return await _progress(deps, organization, replan, kept, messages)


def _undoing(replan: Replan, one: InstanceReplan, taken: bool) -> Sequence[_Message]:
    """The messages that undo the replan for one instance.

    An apply request that broke off, or still runs, may reach the instance after the undo, and would replace its rules.
    So the same event is sent here first: what comes late is then a repetition.
    """
    back = _Message(replan.undo_id, one.rules_before)
    return [back] if taken else [_Message(replan.event_id, one.rules_after), back]


def _open(kept: Iterable[InstanceReplan], shown: frozenset[str]) -> Sequence[InstanceReplan]:
    """The instances to which a message is to be sent."""
    return [one for one in kept if one.refused is None and one.instance_id not in shown]


def _chunks(messages: _Messages) -> Iterator[_Messages]:
    ids = list(messages)
    for start in range(0, len(ids), AT_ONCE):
        yield {id_: messages[id_] for id_ in ids[start : start + AT_ONCE]}


async def _send(deps: Dependencies, organization: str, replan: Replan, messages: _Messages) -> None:
    failures = await all_settled(_send_to(deps, organization, replan, id_, each) for id_, each in messages.items())
    gone = {id_: reason for id_, reason in zip(messages, failures, strict=True) if reason is not None}
    await deps.store.replans.refuse(organization, replan.id, gone)


async def _send_to(
    deps: Dependencies, organization: str, replan: Replan, instance_id: str, messages: Sequence[_Message]
) -> str | None:
    """Send the messages in their order; the reason if the instance cannot be reached, else None."""
    facts = {"occurred_at": render(deps.now()), "source": SOURCE, "actor": replan.actor, "reason": replan.reason}
    try:
        for one in messages:
            message: dict[str, Any] = {**facts, "event_id": one.event_id, "rules": one.rules}
            if replan.is_quiet and one.event_id == replan.event_id:
                message["quiet"] = True
            await send(deps, organization, instance_id, Signal(REPLAN, message))
    except NotFound as gone:
        return gone.message
    return None


async def _progress(
    deps: Dependencies, organization: str, replan: Replan, kept: Sequence[InstanceReplan], messages: _Messages
) -> ReplanProgress:
    """What the instances record within `timeouts.replanned` seconds."""
    store, ids = deps.store.replans, {one.instance_id for one in kept}
    applied, set_aside = await _recorded(deps, organization, replan, messages.keys())
    fresh = {id_: reason for id_, reason in set_aside.items() if id_ in messages and id_ not in applied}
    await store.refuse(organization, replan.id, fresh)
    refused = {id_: reason for id_, reason in (await store.refusals(organization, replan.id)).items() if id_ in ids}
    return ReplanProgress(replan, len(ids), len((applied & ids) - set(refused)), refused)


async def _recorded(
    deps: Dependencies, organization: str, replan: Replan, recipients: Set[str]
) -> tuple[frozenset[str], Mapping[str, str]]:
    """The instances that have recorded the replan, and the reasons of those that set it aside.

    Returns as soon as all recipients have answered, else when the time is up.
    """
    applied, set_aside = frozenset[str](), dict[str, str]()
    async for _ in polls(deps.timeouts.replanned, LONGEST_WAIT):
        applied = await deps.store.replanned.recorded(organization, replan.id, replan.last_id)
        set_aside = dict(await deps.store.replanned.set_aside(organization, replan.id, replan.last_id))
        if recipients <= applied | set_aside.keys():
            break
    return applied, set_aside
