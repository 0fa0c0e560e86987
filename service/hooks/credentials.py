"""The connector of a source as an administrator gives it: its address and projects shown, its credentials never."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidValue
from domain.fields import refuse_unknown, require_list, require_mapping, require_text
from service.tools.ciphers import Cipher
from sources.connectors import Credentials
from sources.hooks import SourceMapping
from sources.hooks.language.connectors import ConnectorPart

LONGEST_URL = 500
LONGEST_CREDENTIAL = 4000
MOST_PROJECTS = 200
LONGEST_PROJECT = 200
_FIELDS = frozenset({"base_url", "credentials", "projects"})
_CREDENTIALS = ("token", "user", "password")


def sealed(
    given: Any, before: Mapping[str, Any] | None, mapping: SourceMapping, cipher: Cipher
) -> Mapping[str, Any] | None:
    """The connector as it is kept; None where it is taken away. What is not given stays as it was.

    Raises InvalidValue, which shows no credential.
    """
    if given is None:
        return None
    part = connector_part(mapping)
    body = require_mapping(given, "connector")
    refuse_unknown(body, _FIELDS, "connector")
    kept = dict(before or {})
    base_url = body.get("base_url") or kept.get("base_url") or part.base_url
    if base_url is None:
        raise InvalidValue(
            "connector.base_url", None, f"must be given for {mapping.name}, such as https://acme.example"
        )
    if body.get("credentials") is not None:
        kept["credentials"] = cipher.encrypted(json.dumps(_credentials(body["credentials"], part)))
    elif "credentials" not in kept:
        raise InvalidValue("connector.credentials", None, "must be given")
    elif base_url != kept.get("base_url"):
        # Or whoever may change a source could have its credentials sent to himself.
        raise InvalidValue("connector.credentials", None, "must be given anew with another base_url")
    projects = body["projects"] if body.get("projects") is not None else kept.get("projects", [])
    return {**kept, "base_url": _base_url(base_url), "projects": _projects(projects)}


def renewed_connector(document: Mapping[str, Any] | None, cipher: Cipher) -> Mapping[str, Any] | None:
    """With its credentials encrypted with the first key. Raises SecretsUnreadable."""
    return None if document is None else {**document, "credentials": cipher.renewed(document["credentials"])}


def connector_part(mapping: SourceMapping) -> ConnectorPart:
    """Raises InvalidValue for a mapping that says nothing of the way back."""
    if mapping.connector is None:
        raise InvalidValue("connector", mapping.name, "is not described in the mapping of this kind")
    return mapping.connector


def _base_url(value: Any) -> str:
    text = require_text(value, "connector.base_url", LONGEST_URL).rstrip("/")
    scheme, _, rest = text.partition("://")
    host = rest.partition("/")[0]
    if scheme not in ("http", "https") or not host or any(one in text for one in "@?#\\ "):
        # It may hold a password by mistake.
        shown = f"{len(text)} characters"
        raise InvalidValue("connector.base_url", shown, "must be an http or https URL without user, query or fragment")
    return text


def _projects(value: Any) -> list[str]:
    listed = require_list(value, "connector.projects")
    if len(listed) > MOST_PROJECTS:
        raise InvalidValue("connector.projects", f"{len(listed)} projects", f"must be at most {MOST_PROJECTS}")
    named = enumerate(listed)
    return [require_text(one, f"connector.projects[{index}]", LONGEST_PROJECT) for index, one in named]


def _credentials(value: Any, part: ConnectorPart) -> dict[str, str]:
    body = require_mapping(value, "connector.credentials") if isinstance(value, Mapping) else None
    if body is None:
        raise InvalidValue("connector.credentials", "(not shown)", "must be an object")
    found: dict[str, str] = {}
    for name, one in body.items():
        at = f"connector.credentials.{name}"[:100]
        if name not in _CREDENTIALS:
            raise InvalidValue(at, "(not shown)", f"is not known here (known: {', '.join(_CREDENTIALS)})")
        if one is None:
            continue
        # A header of HTTP: printable ASCII, so that no line break begins another one.
        if (
            not isinstance(one, str)
            or not 0 < len(one) <= LONGEST_CREDENTIAL
            or not (one.isascii() and one.isprintable())
        ):
            raise InvalidValue(at, "(not shown)", f"must be 1 to {LONGEST_CREDENTIAL} printable ASCII characters")
        found[name] = one
    Credentials(**found).header(part)
    return found
