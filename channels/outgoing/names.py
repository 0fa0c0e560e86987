"""Addresses and channels by names that carry no secret: a URL may hold a token."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

import httpx

from domain.errors import InvalidValue

LONGEST_URL = 2000


def channel_name(kind: str, receiver_id: str | None, address: str, shown: str | None) -> str:
    """`webhook:<receiver id>`, or `webhook:<shown>#<hash of the address>` of a receiver that has none.

    `shown` is the part of the address that is no secret, such as its host.
    """
    if receiver_id is not None:
        return f"{kind}:{receiver_id}"
    return f"{kind}:{shown or ''}#{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def host_of(address: str) -> str | None:
    """The host of a URL, the domain of a mail address; None where there is none."""
    try:
        return urlsplit(address if "://" in address else f"//{address}").hostname
    except ValueError:
        return None


def redacted(address: str) -> str:
    """What an error may show of a URL: its scheme and host."""
    scheme, found, _ = address.partition("://")
    return f"{scheme[:20]}://{host_of(address) or ''}/..." if found else f"{len(address)} characters"


def require_url(address: str) -> httpx.URL:
    """An http or https URL with a host. Raises InvalidValue, which shows no more of it than the host."""
    wrong = InvalidValue(
        "address", redacted(address), f"must be an http or https URL of at most {LONGEST_URL} characters"
    )
    if len(address) > LONGEST_URL:
        raise wrong
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError):
        raise wrong from None
    if url.scheme not in ("http", "https") or not url.host:
        raise wrong
    return url
