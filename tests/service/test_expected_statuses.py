from __future__ import annotations

import pytest
from temporalio.service import RPCError, RPCStatusCode

from service.temporal.statuses import suppress_status


def refusal(status: RPCStatusCode) -> RPCError:
    return RPCError("refused", status, b"")


def test_an_expected_status_is_no_error() -> None:
    with suppress_status(RPCStatusCode.NOT_FOUND, RPCStatusCode.UNIMPLEMENTED):
        raise refusal(RPCStatusCode.UNIMPLEMENTED)


@pytest.mark.parametrize("error", [refusal(RPCStatusCode.UNAVAILABLE), TimeoutError()])
def test_any_other_error_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)), suppress_status(RPCStatusCode.NOT_FOUND):
        raise error
