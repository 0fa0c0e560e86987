"""What the board hands out to be brought back: sealed under the engine's keys, for one purpose, until an instant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from domain.instants import Instant
from service.tools.ciphers import Cipher, SecretsUnreadable


def sealed(cipher: Cipher, purpose: str, content: Mapping[str, Any], until: Instant) -> str:
    """Text of letters, digits, `-`, `_` and `=`. Raises SecretsUnreadable without a key."""
    return cipher.encrypted(json.dumps({"purpose": purpose, "until": until, "content": content}))


def opened(cipher: Cipher, purpose: str, token: str, now: Instant) -> Mapping[str, Any] | None:
    """The content; None for what is not ours, was made for something else, or has expired.

    Raises SecretsUnreadable without a key."""
    if not token.isascii():
        return None
    try:
        document = json.loads(cipher.decrypted(token))
    except (SecretsUnreadable, ValueError):
        # The one error says both: no key at all, and not made with one of them.
        cipher.encrypted("")
        return None
    # What else is encrypted with these keys (addresses, secrets) is no such document.
    if not isinstance(document, dict) or document.keys() != {"purpose", "until", "content"}:
        return None
    return document["content"] if document["purpose"] == purpose and now < document["until"] else None
