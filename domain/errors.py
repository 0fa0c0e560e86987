"""One tree of errors; each class carries the HTTP status and the machine-readable code it becomes (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

LONGEST_SHOWN = 10_000


class SlaError(Exception):
    """Base of everything the engine refuses or fails at; `field` and `value` name the culprit where there is one."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    permanent: ClassVar[bool] = True

    def __init__(self, message: str, *, field: str | None = None, value: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.value = value


class InvalidValue(SlaError):
    """A field holds a value that cannot be accepted; the message names both."""

    status = 422
    code = "invalid_value"
    title = "Invalid value"

    def __init__(self, field: str, value: Any, reason: str) -> None:
        super().__init__(f"{field}: {reason}, got {shown(value)}", field=field, value=value)
        self.reason = reason

    def under(self, field: str) -> InvalidValue:
        """The same refusal with `field` before its path: `days` under `targets[1]` is `targets[1].days`."""
        path = ".".join(name for name in (field, self.field) if name)
        return InvalidValue(path, self.value, self.reason)

    def named(self, field: str) -> InvalidValue:
        """The same refusal of the same value, about a field that is called otherwise where it was given."""
        return InvalidValue(field, self.value, self.reason)


class InvalidValues(InvalidValue):
    """One field with several faults, each of them listed in `faults`; the message names all."""

    def __init__(self, field: str, value: Any, reason: str, faults: Sequence[InvalidValue]) -> None:
        super().__init__(field, value, reason)
        self.faults = tuple(faults)


def shown(value: Any) -> str:
    """A value as a short text, however long or deep it is."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of thousands of digits, a document nested without end
        return f"{type(value).__name__} too large to show"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


class AddressForbidden(InvalidValue):
    """The engine sends nothing there: a private network, the machine itself, a cloud's metadata."""

    code = "address_forbidden"
    title = "Address forbidden"


class AddressUnknown(InvalidValue):
    """A host's name has no address, now at least."""

    code = "address_unknown"
    title = "Address unknown"


class IdempotencyKeyReused(InvalidValue):
    """An idempotency key came back with another request than the one it was first sent with."""

    code = "idempotency_key_reused"
    title = "Idempotency key reused"


class WorkingTimeExhausted(SlaError):
    """A calendar offers less working time before its horizon (the year 2101) than was asked for."""

    status = 422
    code = "working_time_exhausted"
    title = "Not enough working time"


class ClientGone(SlaError):
    """The client has closed the connection: nothing was done, and nobody reads the answer."""

    status = 400
    code = "client_gone"
    title = "Client gone"


class Unauthorized(SlaError):
    status = 401
    code = "unauthorized"
    title = "Unauthorized"


class TooManyGuesses(SlaError):
    """Too many keys that nobody knows came from the address of the request; others may be tried in `retry_after`
    seconds."""

    status = 429
    code = "too_many_guesses"
    title = "Too many requests"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Forbidden(SlaError):
    status = 403
    code = "forbidden"
    title = "Forbidden"


class PlanRequired(Forbidden):
    """The organization's plan holds less than this; `value` is the plan it has."""

    code = "plan_required"
    title = "Plan required"


class NotFound(SlaError):
    status = 404
    code = "not_found"
    title = "Not found"


class Conflict(SlaError):
    """The request contradicts the present state."""

    status = 409
    code = "conflict"
    title = "Conflict"


class IdempotencyKeyUsed(Conflict):
    """The request was carried out before and its answer cannot be given twice; `value` is the id of what it created."""

    code = "idempotency_key_used"
    title = "Idempotency key used"


class Outdated(Conflict):
    """Somebody else changed it since it was read; the same change may be tried on what is there now."""


class PreconditionFailed(SlaError):
    """The request was for a version that is no longer there; `value` is the tag of the one that is."""

    status = 412
    code = "precondition_failed"
    title = "Precondition failed"


class ProjectionConflict(Conflict):
    """A record arrived under a key that already holds other content; writing on would falsify the projection."""

    code = "projection_conflict"
    title = "Projection conflict"


class NoticeRefused(SlaError):
    """The receiver understood the notice and will never take it; trying again is pointless.

    One that is `gone` will take no other notice either.
    """

    code = "notice_refused"

    def __init__(self, message: str, *, gone: bool = False) -> None:
        super().__init__(message)
        self.gone = gone


class NoticeFailed(SlaError):
    """The receiver could not take the notice now; `retry_after` is its own word on when to come again, in seconds.

    `outcomes` are those of the notice's actions as far as they were carried out all the same.
    """

    code = "notice_failed"
    permanent = False

    def __init__(
        self, message: str, retry_after: float | None = None, outcomes: Sequence[Mapping[str, Any]] | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.outcomes = outcomes


class NoticeNotTried(NoticeFailed):
    """Nothing was sent: too much is on its way to the receiver, or it is given a rest (channels/outgoing/doors.py)."""


class Unavailable(SlaError):
    """Something we depend on does not answer now; the same request may succeed later."""

    status = 503
    code = "unavailable"
    title = "Service unavailable"
    permanent = False
    retry_after_seconds: ClassVar[int] = 2


class StoreUnavailable(Unavailable):
    code = "store_unavailable"
    title = "Store unavailable"


class PlanMissing(Unavailable):
    """A step came without its plan, and the store does not hold that plan: the step must bring it."""

    code = "plan_missing"
    title = "Plan missing"


class EngineUnavailable(Unavailable):
    code = "temporal_unavailable"
    title = "Temporal unavailable"
