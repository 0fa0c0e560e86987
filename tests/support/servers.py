"""The embedded server as tests run it: its time is ours, and a history of eighty events is called long."""

from __future__ import annotations

from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from cli.engine.embedded import SERVER_OPTIONS, dynamic_config
from tests.support.clockwork import binary

LONG_HISTORY = {"limit.historyCount.suggestContinueAsNew": "80"}


async def in_real_time() -> WorkflowEnvironment:
    return await WorkflowEnvironment.start_local(
        dev_server_existing_path=binary("temporal"),
        data_converter=pydantic_data_converter,
        dev_server_extra_args=dynamic_config({**SERVER_OPTIONS, **LONG_HISTORY}),
    )
