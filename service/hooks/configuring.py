"""Sources as administrators set them up: checked against their mapping, with secrets that are written and never
shown."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from domain.errors import InvalidValue
from domain.fields import require_name, require_text
from service.hooks.credentials import connector_part, renewed_connector, sealed
from service.tools.ciphers import Cipher
from sources.hooks import Source, SourceMapping, mapping_from, vendor, vendors
from store.sources.sources import SourceDocument

MOST_SECRETS = 2
"""While a secret is changed, the new one and the one before it are valid."""
LONGEST_NAME = 200
LONGEST_SECRET = 500
LONGEST_PREFIX = 40
KNOWN_MAPPINGS = 256


def source_of(document: SourceDocument) -> Source:
    """Raises InvalidValue for a mapping, settings or schemes that do not fit together."""
    mapping = mapping_of(document.kind, document.mapping)
    return Source(mapping, document.settings or {}, document.verify_by, document.adopt, document.prefix)


def mapping_of(kind: str, own: Mapping[str, Any] | None) -> SourceMapping:
    return vendor(kind) if own is None else _own(json.dumps(own))


@lru_cache(KNOWN_MAPPINGS)
def _own(text: str) -> SourceMapping:
    return mapping_from(json.loads(text))


def new_secret(mapping: SourceMapping) -> str:
    """A secret in the form that the vendor's first scheme takes."""
    first = mapping.verify[0]
    if first.scheme == "hmac" and first.secret == "base64":  # noqa: S105 - how the key is written
        return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    token = secrets.token_urlsafe(32)
    return f"slakeeper:{token}" if first.scheme == "basic" else token


def made(given: Mapping[str, Any], cipher: Cipher) -> tuple[SourceDocument, str | None]:
    """A new source, and its secret if it was made up here. Raises InvalidValue."""
    own = given.get("mapping")
    kind = given.get("kind") or (own or {}).get("name")
    if kind is None:
        raise InvalidValue("kind", None, f"must be one of {', '.join(vendors())}, or come with a mapping")
    mapping = mapping_of(kind, own)
    secret = given.get("secret")
    invented = new_secret(mapping) if secret is None else None
    kept = _secret(invented if secret is None else secret)
    connector = sealed(given.get("connector"), None, mapping, cipher)
    document = SourceDocument(
        given.get("name") or mapping.title, kind, (cipher.encrypted(kept),), own, connector=connector
    )
    return _checked(_with(document, given)), invented


def changed(document: SourceDocument, given: Mapping[str, Any], cipher: Cipher) -> SourceDocument:
    """The source with these changes. Raises InvalidValue.

    A new secret counts beside the one before; `retire_previous_secret` leaves the newest one only.
    """
    kept: Sequence[str] = document.secrets
    if given.get("retire_previous_secret"):
        kept = kept[:1]
    if given.get("secret") is not None:
        kept = [cipher.encrypted(_secret(given["secret"])), *kept][:MOST_SECRETS]
    if "mapping" in given:
        document = replace(document, mapping=given["mapping"])
    if "connector" in given:
        mapping = mapping_of(document.kind, document.mapping)
        document = replace(document, connector=sealed(given["connector"], document.connector, mapping, cipher))
    return _checked(_with(replace(document, secrets=tuple(kept)), given))


def renewed(document: SourceDocument, cipher: Cipher) -> SourceDocument:
    """The source with all its secrets encrypted with the first key. Raises SecretsUnreadable."""
    connector = renewed_connector(document.connector, cipher)
    return replace(document, secrets=tuple(cipher.renewed(secret) for secret in document.secrets), connector=connector)


def _with(document: SourceDocument, given: Mapping[str, Any]) -> SourceDocument:
    names = ("name", "settings", "adopt", "prefix", "enabled")
    chosen = {name: given[name] for name in names if given.get(name) is not None}
    if given.get("verify_by") is not None:
        chosen["verify_by"] = tuple(given["verify_by"])
    return replace(document, **chosen)


def _checked(document: SourceDocument) -> SourceDocument:
    require_name(document.name, "name", LONGEST_NAME)
    if document.prefix:
        require_text(document.prefix, "prefix", LONGEST_PREFIX)
    source = source_of(document)
    if not source.schemes:
        named = ", ".join(one.name for one in source.mapping.verify)
        raise InvalidValue("verify_by", [], f"must name one of {named}: none of them holds by itself")
    if document.mapping is not None and source.mapping.name != document.kind:
        raise InvalidValue("mapping.name", source.mapping.name, f"must be {document.kind}, the kind of the source")
    if document.connector is not None:
        connector_part(source.mapping)
    return document


def _secret(given: Any) -> str:
    return require_text(given, "secret", LONGEST_SECRET)
