"""New ids and tokens."""

from __future__ import annotations

import secrets

# 96 bits: the chance that any two of a billion ids are equal is one in 10^11.
ID_BYTES = 12
# 192 bits: nobody guesses a key, and a plain hash of it is enough.
KEY_BYTES = 24


def mint(prefix: str) -> str:
    """A new URL-safe id such as `sla_3q2-7wAbCdEfGhIj` for the prefix `sla`."""
    return f"{prefix}_{secrets.token_urlsafe(ID_BYTES)}"


def mint_key() -> str:
    """A new API key such as `ak_live_fY7V...`."""
    return f"ak_live_{secrets.token_urlsafe(KEY_BYTES)}"
