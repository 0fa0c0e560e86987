"""Documents as hashes: one spelling, one SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical(document: Any) -> bytes:
    """One spelling of a JSON document: keys in order, no spaces, ASCII."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def digest(document: Any) -> str:
    """SHA-256 of the canonical spelling, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def short_digest(text: str) -> str:
    """Twelve hexadecimal digits that stand for a text in a name."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def plan_digest(document: Mapping[str, Any]) -> str:
    """The digest of a plan without its `versions`: equal for equal plans, whatever time zone database made them."""
    return digest({name: value for name, value in document.items() if name != "versions"})
