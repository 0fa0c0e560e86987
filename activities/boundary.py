"""Turning the engine's errors into Temporal's. An error that cannot pass is not retried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio.exceptions import ApplicationError

from domain.errors import SlaError


@contextmanager
def temporal_errors() -> Iterator[None]:
    """Raises ApplicationError of the error's code, non-retryable where the error's class is permanent."""
    try:
        yield
    except SlaError as error:
        raise ApplicationError(
            error.message, error.field, str(error.value), type=error.code, non_retryable=error.permanent
        ) from error
