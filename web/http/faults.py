"""What is wrong with what was typed: each fault with its field and value, at the field and in a summary."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from domain.errors import (
    Conflict,
    InvalidValue,
    InvalidValues,
    PlanRequired,
    PreconditionFailed,
    SlaError,
    WorkingTimeExhausted,
    shown,
)
from service.tools.documents import MAX_BYTES, refuse_uncarriable

MOST = 50
LONGEST = 300

REFUSALS = (ValidationError, InvalidValue, WorkingTimeExhausted, Conflict, PreconditionFailed, PlanRequired)
"""What a form is shown again for, with all that was typed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`field` is a path like `targets[0].hours`, empty for the whole; `input` is the name of the field in the form."""

    field: str
    input: str
    message: str

    @property
    def sentence(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


@dataclass(frozen=True, slots=True)
class Faults:
    """Falsy where there are none."""

    all: Sequence[Fault] = ()
    status: int = 200

    def __bool__(self) -> bool:
        return bool(self.all)

    def at(self, name: str) -> str:
        """What is said of the input of that name; empty where nothing is."""
        return "; ".join(one.message for one in self.all if one.input == name)


SILENT = Faults()


def faults_of(error: Exception, input_of: Callable[[str], str] = lambda name: name) -> Faults:
    """`input_of` says what a field of the document, in the spelling of forms (`targets.0.hours`), is called there."""
    found = [
        Fault(field, input_of(re.sub(r"\[(\d+)\]", r".\1", field)), message[:LONGEST])
        for field, message in _told(error)[:MOST]
    ]
    return Faults(found, error.status if isinstance(error, SlaError) else InvalidValue.status)


def _told(error: Exception) -> list[tuple[str, str]]:
    if isinstance(error, ValidationError):
        return [_misshapen(one) for one in error.errors(include_url=False, include_context=False)]
    if isinstance(error, InvalidValues):
        return [one for fault in error.faults for one in _told(fault)]
    if isinstance(error, InvalidValue):
        return [(error.field or "", _of_value(error.reason, error.value))]
    return [("", error.message if isinstance(error, SlaError) else str(error))]


def _misshapen(one: Mapping[str, Any]) -> tuple[str, str]:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in one["loc"]).lstrip(".")
    if one["type"] == "missing":
        return path, "must be given"
    reason = "is not known here" if one["type"] == "extra_forbidden" else one["msg"][:1].lower() + one["msg"][1:]
    return path, _of_value(reason, one["input"])


def _of_value(reason: str, value: Any) -> str:
    if value is None or value == "":
        return reason
    given = shown(value)
    return f"{reason}, got {given if len(given) <= 100 else given[:99] + '…'}"


def document_in(text: str, field: str) -> dict[str, Any]:
    """The object that a text area holds as JSON. Raises InvalidValue, naming the line."""
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise InvalidValue(field, f"{len(text)} characters", f"must be at most {MAX_BYTES // 1024} KiB long")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        line = text.split("\n")[error.lineno - 1].strip()
        raise InvalidValue(field, line[:80], f"is not JSON: {error.msg} in line {error.lineno}") from None
    except (ValueError, RecursionError):
        raise InvalidValue(field, text[:80], "is not JSON that can be read") from None
    if not isinstance(document, dict):
        raise InvalidValue(field, text[:80], "must be an object in braces")
    refuse_uncarriable(document)
    return document
