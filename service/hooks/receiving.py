"""A delivery arrives: it is verified over its bytes as they came, kept, and answered. Temporal need not be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from domain.errors import NotFound, Unauthorized
from service.dependencies import Dependencies
from service.hooks.configuring import source_of
from sources.hooks import Answer, Delivery, Source
from store.sources.bodies import NewBody
from store.sources.sources import StoredSource

NOT_KEPT = frozenset({"authorization", "cookie", "proxy-authorization"})
MOST_HEADERS = 100


class BadSignature(Unauthorized):
    """Nobody who has the secret has sent this."""

    code = "bad_signature"
    title = "Bad signature"


@dataclass(frozen=True, slots=True)
class Kept:
    """The delivery's number at its source."""

    arrival: int


async def receive(deps: Dependencies, source_id: str, heard: NewBody) -> Kept | Answer:
    """Keep a delivery, or answer one that only asks whether somebody is there.

    Raises NotFound for a source that does not exist or is switched off, BadSignature, and StoreUnavailable.
    """
    stored = await deps.store.sources.named(source_id)
    if stored is None or not stored.document.enabled:
        raise _unknown()
    source, delivery = source_of(stored.document), delivery_of(heard)
    verdict = source.verify(secrets_of(deps, stored), delivery)
    if not verdict.accepted:
        await deps.store.sources.refuse(stored.organization, stored.id, verdict.reason)
        raise BadSignature(f"The delivery was refused: {verdict.reason}.")
    if (answer := source.challenge(delivery)) is not None:
        return answer
    try:
        return Kept(
            await deps.store.hook_bodies.keep(stored.organization, stored.id, without_secrets(source, delivery))
        )
    except NotFound:
        # It was switched off a moment ago.
        raise _unknown() from None


def secrets_of(deps: Dependencies, stored: StoredSource) -> list[str]:
    return [deps.cipher.decrypted(secret) for secret in stored.document.secrets]


def without_secrets(source: Source, delivery: Delivery) -> NewBody:
    """The delivery as it is kept: tokens and signatures are not, neither in headers nor in the address."""
    schemes = source.mapping.verify
    headers = {name.lower() for scheme in schemes if (name := getattr(scheme, "header", None))}
    queries = {name for scheme in schemes if (name := getattr(scheme, "query", None))}
    return NewBody(
        delivery.body,
        delivery.received_at,
        _kept_headers(delivery.headers, headers | NOT_KEPT),
        delivery.method,
        _without(delivery.uri, queries),
    )


def delivery_of(body: NewBody) -> Delivery:
    return Delivery(body.body, body.received_at, body.headers, body.method, body.uri)


def _kept_headers(headers: Mapping[str, str], secret: frozenset[str] | set[str]) -> Mapping[str, str]:
    kept = [(name, value) for name, value in headers.items() if name not in secret]
    return dict(kept[:MOST_HEADERS])


def _without(uri: str, names: set[str]) -> str:
    if not names:
        return uri
    try:
        parts = urlsplit(uri)
        pairs = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in names]
    except ValueError:
        return uri.partition("?")[0]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def _unknown() -> NotFound:
    return NotFound("There is nothing here.")
