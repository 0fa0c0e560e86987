"""What of a failed attempt goes into the worker's log."""

from __future__ import annotations

import asyncio
import logging

from temporalio.exceptions import ApplicationError

from domain.errors import NoticeFailed


def in_brief(record: logging.LogRecord) -> bool:
    """A filter. A notice that is tried again, and an attempt that is called off, are no defects: their line has the
    reason and no traceback, of which a receiver that is down for a day would bring hundreds a notice."""
    error = record.exc_info[1] if record.exc_info else None
    is_retry = isinstance(error, ApplicationError) and error.type == NoticeFailed.code
    if is_retry or isinstance(error, asyncio.CancelledError):
        record.msg, record.args = f"{record.getMessage()}: {error}", ()
        record.exc_info = None
    return True
