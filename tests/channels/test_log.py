"""The worker's log shows each notice in one line."""

from __future__ import annotations

import logging

import pytest

from channels.log import LogChannel


async def test_the_log_says_what_happened_to_which_ticket(caplog: pytest.LogCaptureFixture) -> None:
    notice = {"type": "sla.breached", "id": "default/inst_sla_ticket_42/resolution/1/breached/1"}
    with caplog.at_level(logging.INFO, logger="slakeeper.notices"):
        await LogChannel().send({**notice, "data": {"message": "Resolution of ticket 42 is breached."}})
    assert caplog.messages == [
        "sla.breached default/inst_sla_ticket_42/resolution/1/breached/1: Resolution of ticket 42 is breached."
    ]
