"""Where an instance begins: with its start input, with what an earlier run carried over, or with what `load` finds."""

from __future__ import annotations

import zlib
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from domain.errors import InvalidValue
    from domain.ids import parse_workflow_id
    from domain.instants import from_datetime, render
    from domain.policy.snapshot_facts import Facts
    from workflows.calls import LOAD
    from workflows.documents import LoadRequest, StartInput, StateDocument
    from workflows.instance.calling import call
    from workflows.instance.intake import Arrivals
    from workflows.messages import AFTER
    from workflows.packing import unpack
    from workflows.state.instance_state import InstanceState
    from workflows.state.serializing import new_state, state_from
    from workflows.visibility import OperatorView


_WRONG = (AttributeError, KeyError, TypeError, ValueError, zlib.error)


def given_instance(given: Any, view: OperatorView) -> InstanceState | None:
    """The instance, where the start input says all of it; None where something has to be loaded, or is wrong."""
    try:
        organization, instance = parse_workflow_id(workflow.info().workflow_id)
        state = _given(_read(given), view)
        if state is not None:
            _require_own(state.facts, organization, str(instance))
    except (*_WRONG, InvalidValue):
        return None
    return state


async def open_instance(given: Any, arrivals: Arrivals, view: OperatorView) -> InstanceState | None:
    """The instance that the start input `given` stands for; None when no promise applies to its ticket.

    Signals that an earlier run was sent and nothing shows are put before those that this run was sent. Raises
    ApplicationError, which ends the run, for an input that makes no sense.
    """
    try:
        organization, instance = parse_workflow_id(workflow.info().workflow_id)
        state = await _begin(given, organization, str(instance), arrivals, view)
        if state is not None:
            _require_own(state.facts, organization, str(instance))
    except InvalidValue as error:
        raise ApplicationError(error.message, type=error.code, non_retryable=True) from None
    except _WRONG as error:
        raise ApplicationError(f"start input is incomplete: {error!r}", non_retryable=True) from None
    return state


def _read(given: Any) -> StartInput:
    return unpack(given if isinstance(given, dict) else {}, StartInput)


def _given(start: StartInput, view: OperatorView) -> InstanceState | None:
    if "carried" in start:
        view.shown = start["attributes"]
        return state_from(unpack(start["carried"], StateDocument))
    if "snapshot" in start:
        return new_state(start["snapshot"], start["plan"], start["opened"], recorded=start.get("recorded", False))
    return None


async def _begin(
    given: Any, organization: str, instance_id: str, arrivals: Arrivals, view: OperatorView
) -> InstanceState | None:
    start = _read(given)
    if (state := _given(start, view)) is not None:
        return state
    request: LoadRequest = {
        "organization": organization,
        "instance_id": instance_id,
        "ticket": None if AFTER in start else given,
        "started_at": render(from_datetime(workflow.info().start_time)),
        "after": start.get("after"),
    }
    loaded = await call(LOAD, request)
    view.learn(loaded.get("attributes"))
    arrivals.put_first(loaded.get("missed", ()))
    if "recorded" in loaded:
        return state_from(unpack(loaded["recorded"], StateDocument))
    if "snapshot" in loaded:
        return new_state(loaded["snapshot"], loaded["plan"], loaded["opened"], recorded=True)
    return None


def _require_own(facts: Facts, organization: str, instance_id: str) -> None:
    """An input made by hand must not write another instance's rows."""
    named = f"{facts.organization}/{facts.instance_id}"
    if named != f"{organization}/{instance_id}":
        raise InvalidValue(
            "snapshot.facts", named, f"contradicts the workflow id, which says {organization}/{instance_id}"
        )
