"""Keeping large documents below Temporal's limit of 2 MB a payload: above a size they travel compressed."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any, TypeVar, overload

from workflows.documents import Document

Shape = TypeVar("Shape")

# Far below the size at which the server begins to warn (512 KB). Smaller documents stay readable in the Temporal UI.
PLAIN_UP_TO_BYTES = 128 * 1024
# A query's answer is made for people and other SDKs, so it stays readable as long as it can.
PLAIN_ANSWER_BYTES = 1024 * 1024
PACKED = "packed_json"


def pack(document: Mapping[str, Any]) -> Document:
    """The document itself, or `{"packed_json": base64 of its zlib-compressed JSON}` when it is large."""
    return _pack_beyond(PLAIN_UP_TO_BYTES, document)


def pack_answer(document: Mapping[str, Any]) -> Document:
    """As `pack`, for the answer of a query."""
    return _pack_beyond(PLAIN_ANSWER_BYTES, document)


def _pack_beyond(plain_up_to: int, document: Mapping[str, Any]) -> Document:
    plain = json.dumps(document).encode()
    if len(plain) <= plain_up_to:
        return dict(document)
    return {PACKED: base64.b64encode(zlib.compress(plain)).decode()}


@overload
def unpack(document: Mapping[str, Any]) -> Document: ...


@overload
def unpack(document: Mapping[str, Any], shape: type[Shape]) -> Shape: ...


def unpack(document: Mapping[str, Any], shape: Any = None) -> Any:  # noqa: ARG001 - for the type checker alone
    """The inverse of `pack` and `pack_answer`. `shape` tells the type checker which keys the document has.

    Raises ValueError or zlib.error for a packed document that neither wrote.
    """
    if PACKED not in document:
        return dict(document)
    return json.loads(zlib.decompress(base64.b64decode(document[PACKED])))
