"""What the worker's log has of an attempt that failed."""

from __future__ import annotations

import asyncio
import logging

import pytest
from temporalio.exceptions import ApplicationError

from activities.log_lines import in_brief
from domain.errors import NoticeFailed


@pytest.mark.parametrize(
    ("error", "has_traceback"),
    [
        (ApplicationError("webhook:rcv_1 answered 503", type=NoticeFailed.code), False),
        (asyncio.CancelledError("Activity cancelled"), False),
        (ApplicationError("no such column", type="other"), True),
        (KeyError("a defect"), True),
    ],
)
def test_a_notice_that_is_tried_again_is_one_line_and_a_defect_has_its_traceback(
    error: BaseException, has_traceback: bool
) -> None:
    record = logging.LogRecord("x", logging.WARNING, "x.py", 1, "Completing activity as failed", (), None)
    record.exc_info = (type(error), error, None)
    assert in_brief(record)
    assert (record.exc_info is not None) == has_traceback
    assert (str(error) in record.getMessage()) == (not has_traceback)
