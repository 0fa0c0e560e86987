"""Every error of the API as `application/problem+json` (RFC 9457). No other module writes one."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request

from domain.errors import (
    InvalidValue,
    InvalidValues,
    SlaError,
    StoreUnavailable,
    TooManyGuesses,
    Unauthorized,
    Unavailable,
)

MEDIA_TYPE = "application/problem+json"
SCHEMAS = "#/components/schemas/{model}"
LONGEST_VALUE = 200
LONGEST_TEXT = 500
MOST_ERRORS = 20
MOST_FAULTS = 1000
_CHALLENGE = {"WWW-Authenticate": 'ApiKey realm="slakeeper", header="X-API-Key"'}
# Python has changed its mind about these (RFC 9110).
_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}

log = logging.getLogger(__name__)


class FieldError(BaseModel):
    field: str
    value: Any = None
    message: str


class Problem(BaseModel):
    """RFC 9457, with a `code` for machines, and the field and the value at fault where there is one."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None
    value: Any = None
    errors: list[FieldError] = []


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the problems a route may answer with."""
    content = {MEDIA_TYPE: {"schema": {"$ref": SCHEMAS.format(model=Problem.__name__)}}}
    return {status: {"description": _phrase(status), "content": content} for status in statuses}


def schemas() -> dict[str, Any]:
    """The schemas that the entries of `documented` refer to, by name."""
    problem = Problem.model_json_schema(ref_template=SCHEMAS)
    return {**problem.pop("$defs"), Problem.__name__: problem}


def install(app: FastAPI) -> None:
    app.exception_handler(SlaError)(_refused)
    app.exception_handler(RequestValidationError)(_misshapen)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(Exception)(_unexpected)


def response(error: SlaError) -> JSONResponse:
    if error.status >= 500:
        log.warning("%s: %s", error.code, error.message)
    return JSONResponse(document(error), error.status, _headers(error), MEDIA_TYPE)


def document(error: SlaError, under: str = "") -> dict[str, Any]:
    """The problem itself; `under` is the part of the body that the error speaks of, like `events[3]`."""
    placed = error.under(under) if under and isinstance(error, InvalidValue) else error
    # Where the store lies is nobody's business out there, least of all before a key has been verified.
    hidden = isinstance(error, StoreUnavailable)
    return _document(
        error.status,
        error.code,
        error.title,
        "The store does not answer; try again." if hidden else placed.message,
        culprit=(_under(under, error.field), error.value),
        errors=_own_errors(error, under),
    )


def _under(under: str, field: str | None) -> str | None:
    return ".".join(name for name in (under, field) if name) or None


def misshapen(errors: Sequence[Mapping[str, Any]], under: Sequence[str | int] = ()) -> dict[str, Any]:
    """The problem of a body, or of a part of it, that pydantic has found these errors in."""
    found = [_field_error({**one, "loc": (*under, *one["loc"])}) for one in errors[:MOST_ERRORS]]
    first = found[0]
    return _document(
        422,
        InvalidValue.code,
        InvalidValue.title,
        f"{first['field']}: {first['message']}",
        culprit=(first["field"], first["value"]),
        errors=found,
    )


def shown(value: Any) -> Any:
    """A value that came from outside, made safe and short enough to be sent back."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value, LONGEST_VALUE)
    try:
        whole = json.dumps(value, default=str, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return _text(type(value).__name__, LONGEST_VALUE)
    return json.loads(whole) if len(whole) <= LONGEST_VALUE and "\\ud" not in whole else _text(whole, LONGEST_VALUE)


def path(location: Sequence[str | int]) -> str:
    """A pydantic location as people write it: `targets[0].hours`."""
    parts = location[1:] if location and location[0] in ("body", "query", "path", "header") else location
    if location and location[0] == "query":
        # A filter is given by its name, however often it is given.
        parts = [part for part in parts if not isinstance(part, int)]
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    return _text(text or "body", LONGEST_VALUE)


def _document(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    culprit: tuple[str | None, Any] = (None, None),
    errors: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:slakeeper:problem:{code}",
        "title": title,
        "status": status,
        "detail": _text(detail, LONGEST_TEXT),
        "code": code,
    }
    field, value = culprit
    if field is not None:
        body |= {"field": _text(field, LONGEST_VALUE), "value": shown(value)}
    if errors:
        body["errors"] = list(errors)
    return body


def _problem(status: int, code: str, title: str, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(_document(status, code, title, detail), status, headers, MEDIA_TYPE)


def _own_errors(error: SlaError, under: str = "") -> list[dict[str, Any]]:
    if isinstance(error, InvalidValues):
        return [one for fault in error.faults[:MOST_FAULTS] for one in _own_errors(fault, under)]
    if not isinstance(error, InvalidValue):
        return []
    field = _text((error.under(under) if under else error).field or "body", LONGEST_VALUE)
    return [{"field": field, "value": shown(error.value), "message": _text(error.reason, LONGEST_TEXT)}]


def _headers(error: SlaError) -> Mapping[str, str]:
    if isinstance(error, Unavailable):
        return {"Retry-After": str(error.retry_after_seconds)}
    if isinstance(error, TooManyGuesses):
        return {"Retry-After": str(error.retry_after)}
    return _CHALLENGE if isinstance(error, Unauthorized) else {}


def _text(text: str, longest: int) -> str:
    safe = text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"


async def _refused(_: Request, error: SlaError) -> JSONResponse:
    return response(error)


async def _misshapen(_: Request, error: RequestValidationError) -> JSONResponse:
    return JSONResponse(misshapen(error.errors()), 422, None, MEDIA_TYPE)


def _field_error(error: Mapping[str, Any]) -> dict[str, Any]:
    absent = error["type"] == "missing"
    message = "is not known here" if error["type"] == "extra_forbidden" else _lower_first(error["msg"])
    return {"field": path(error["loc"]), "value": None if absent else shown(error["input"]), "message": message}


def _lower_first(message: str) -> str:
    return _text(message[:1].lower() + message[1:], LONGEST_TEXT)


async def _http(_: Request, error: HTTPException) -> JSONResponse:
    title = _phrase(error.status_code)
    code = title.lower().replace(" ", "_").replace("-", "_")
    return _problem(error.status_code, code, title, str(error.detail), error.headers)


def _phrase(status: int) -> str:
    return _PHRASES.get(status) or HTTPStatus(status).phrase


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # Starlette logs the traceback itself when it raises the error again behind this answer.
    log.error("unexpected %s in %s %s", type(error).__name__, request.method, request.scope["path"])
    return _problem(500, SlaError.code, SlaError.title, "Something went wrong on our side; it has been logged.")
