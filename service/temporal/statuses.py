"""Handling the statuses that Temporal refuses with."""

from __future__ import annotations

from types import TracebackType

from temporalio.service import RPCError, RPCStatusCode


class suppress_status:  # noqa: N801 - used as contextlib.suppress is
    """`contextlib.suppress` for an RPCError of one of these statuses. Any other error is raised."""

    def __init__(self, *statuses: RPCStatusCode) -> None:
        self._statuses = statuses

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> bool:
        return isinstance(error, RPCError) and error.status in self._statuses
