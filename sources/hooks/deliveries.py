"""What has arrived: one HTTP request of a ticket system, as it was sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from domain.instants import Instant

DEEPEST = 100
"""Levels of nesting in a body; JMESPath and JSON encoders walk a document by recursion."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """`uri` is the whole public address as the sender called it (HubSpot signs it); `body` the bytes as they came.

    Headers are found however their letters are written.
    """

    body: bytes
    received_at: Instant
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    uri: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", {name.lower(): value for name, value in self.headers.items()})

    def header(self, name: str) -> str | None:
        return self.headers.get(name.lower())

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address, of several of one name the first."""
        try:
            return {name: values[0] for name, values in parse_qs(urlsplit(self.uri).query, max_num_fields=100).items()}
        except ValueError:
            return {}


class NotReadable(Exception):
    """The bytes are no document; the message says why."""


def decoded(delivery: Delivery, form_field: str | None = None) -> Any:
    """The body as a document; `form_field` names the field of a form that may carry it. Raises NotReadable."""
    text = _text(delivery.body)
    if form_field is not None and (delivery.header("content-type") or "").strip().lower().startswith(
        "application/x-www-form-urlencoded"
    ):
        text = _form_value(text, form_field)
    if not text.strip():
        return None
    try:
        document = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise NotReadable(f"must be nested at most {DEEPEST} levels deep") from None
    except ValueError as error:
        raise NotReadable(f"must be JSON ({str(error)[:200]})") from None
    if _is_deeper(document):
        raise NotReadable(f"must be nested at most {DEEPEST} levels deep")
    return document


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotReadable(f"must be UTF-8 (byte {error.start} is not)") from None


def _form_value(text: str, name: str) -> str:
    try:
        return next(iter(parse_qs(text, max_num_fields=100).get(name, ())), "")
    except ValueError as error:
        raise NotReadable(f"must be a form ({str(error)[:200]})") from None


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _is_deeper(document: Any) -> bool:
    level: Sequence[Any] = [document]
    for _ in range(DEEPEST):
        level = [inner for part in level for inner in _inner(part)]
        if not level:
            return False
    return True


def _inner(part: Any) -> Sequence[Any]:
    if isinstance(part, dict):
        return list(part.values())
    return part if isinstance(part, list) else ()
