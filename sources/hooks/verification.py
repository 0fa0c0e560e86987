"""Whether a delivery comes from whom it says: signatures over the raw body, compared in constant time.

Written with `hmac` and not with the library of Standard Webhooks: that one reads the clock itself and knows one
scheme of the six; here the instant of arrival is given, so that a stored delivery verifies the same when it is looked
at again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.errors import InvalidValue
from domain.instants import SECOND
from sources.hooks.deliveries import Delivery
from sources.hooks.language import times
from sources.hooks.language.schemes import AnyScheme, Hmac, Nothing, Timestamp, Token

_PREFIX = "whsec_"
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`scheme` is the name of the one that fitted; `reason` says of a delivery that is refused why."""

    accepted: bool
    scheme: str = ""
    reason: str = ""


def verify(schemes: Sequence[AnyScheme], secrets: Sequence[str], delivery: Delivery) -> Verdict:
    """Accepted as soon as one scheme fits with one secret: two are valid while a secret is being changed. Never raises.

    A secret that is empty fits nothing.
    """
    reasons = []
    for scheme in schemes:
        reason = _refusal(scheme, [secret for secret in secrets if secret], delivery)
        if reason is None:
            return Verdict(True, scheme.name)
        reasons.append(reason if len(schemes) == 1 else f"{scheme.name}: {reason}")
    return Verdict(False, reason="; ".join(reasons))


def _refusal(scheme: AnyScheme, secrets: Sequence[str], delivery: Delivery) -> str | None:
    if isinstance(scheme, Nothing):
        return None
    if isinstance(scheme, Hmac):
        return _signature(scheme, secrets, delivery)
    if isinstance(scheme, Token):
        return _token(scheme, secrets, delivery)
    return _basic(secrets, delivery)


def _signature(scheme: Hmac, secrets: Sequence[str], delivery: Delivery) -> str | None:
    given = delivery.header(scheme.header)
    if not given:
        return f"the header {scheme.header} is missing"
    if scheme.timestamp is not None and (reason := _timing(scheme.timestamp, delivery)) is not None:
        return reason
    if scheme.id_header is not None and not delivery.header(scheme.id_header):
        return f"the header {scheme.id_header} is missing"
    signed = _signed(scheme, delivery)
    expected = [_encoded(scheme, hmac.new(key, signed, _hash(scheme)).digest()) for key in _keys(scheme, secrets)]
    parts = given.split(scheme.separator) if scheme.separator else [given]
    if any(_equal(part.strip(), one) for part in parts for one in expected):
        return None
    return f"the signature in {scheme.header} does not fit"


def _hash(scheme: Hmac) -> Callable[..., hashlib._Hash]:
    return {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha512": hashlib.sha512}[scheme.hash]


def _encoded(scheme: Hmac, digest: bytes) -> str:
    return scheme.prefix + (digest.hex() if scheme.encoding == "hex" else base64.b64encode(digest).decode())


def _keys(scheme: Hmac, secrets: Sequence[str]) -> Iterator[bytes]:
    for secret in secrets:
        if scheme.secret == "text":  # noqa: S105 - how the key is written, not the key
            yield secret.encode()
            continue
        try:
            yield base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            continue


def _signed(scheme: Hmac, delivery: Delivery) -> bytes:
    parts = {
        "body": delivery.body,
        "method": delivery.method.upper().encode(),
        "uri": delivery.uri.encode(errors="replace"),
        "timestamp": _bytes(delivery.header(scheme.timestamp.header)) if scheme.timestamp else b"",
        "id": _bytes(delivery.header(scheme.id_header)) if scheme.id_header else b"",
    }
    split = re.split(r"\{(\w+)\}", scheme.signed)
    return b"".join(parts[part] if index % 2 else part.encode() for index, part in enumerate(split))


def _bytes(text: str | None) -> bytes:
    return (text or "").encode(errors="replace")


def _timing(timestamp: Timestamp, delivery: Delivery) -> str | None:
    given = delivery.header(timestamp.header)
    if not given:
        return f"the header {timestamp.header} is missing"
    try:
        sent_at = times.read(given, timestamp.format, _UTC, timestamp.header).at
    except InvalidValue as error:
        return str(error)
    if abs(delivery.received_at - sent_at) > timestamp.window_seconds * SECOND:
        return f"{timestamp.header} is more than {timestamp.window_seconds} s from the arrival: {given}"
    return None


def _token(scheme: Token, secrets: Sequence[str], delivery: Delivery) -> str | None:
    given = delivery.header(scheme.header) if scheme.header else delivery.query.get(scheme.query or "")
    where = f"the header {scheme.header}" if scheme.header else f"the parameter {scheme.query}"
    if not given:
        return f"{where} is missing"
    return (
        None
        if any(_equal(given, scheme.prefix + secret) for secret in secrets)
        else f"the token in {where} does not fit"
    )


def _basic(secrets: Sequence[str], delivery: Delivery) -> str | None:
    given = delivery.header("authorization")
    if not given:
        return "the header Authorization is missing"
    word, _, credentials = given.partition(" ")
    expected = [base64.b64encode(secret.encode()).decode() for secret in secrets]
    if word.lower() == "basic" and any(_equal(credentials.strip(), one) for one in expected):
        return None
    return "the credentials in Authorization do not fit"


def _equal(given: str, expected: str) -> bool:
    """In constant time, whatever characters a stranger sends."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode(errors="replace"))
