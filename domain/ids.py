"""Names of instances: readable, URL-safe, reversible, so that nothing is looked up between an id and its workflow.

`inst_<kind>_<subject type>_<subject>` with the subject's bytes outside `A-Z a-z 0-9 . _ -` written as `~XX` (hex);
the workflow id is `sla/<organization>/<instance id>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import InvalidValue

MAX_SUBJECT_BYTES = 200
_TEXT_AND_DIGITS = re.compile(r"([^0-9]*)([0-9]*)")
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_INSTANCE_ID = re.compile(r"inst_([a-z]+)_([a-z]+)_((?:[A-Za-z0-9._-]|~[0-9A-F]{2})+)")
_ORGANIZATION = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Kind(StrEnum):
    """Service level (towards the customer) or operational level (between teams)."""

    SLA = "sla"
    OLA = "ola"


class SubjectType(StrEnum):
    CONVERSATION = "conversation"
    TICKET = "ticket"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class InstanceId:
    kind: Kind
    subject_type: SubjectType
    subject: str

    def __post_init__(self) -> None:
        field = f"{self.subject_type}_id"
        try:
            size = len(self.subject.encode())
        except UnicodeEncodeError:
            raise InvalidValue(field, self.subject, "must be valid Unicode") from None
        if not 1 <= size <= MAX_SUBJECT_BYTES:
            raise InvalidValue(field, self.subject, f"must be 1 to {MAX_SUBJECT_BYTES} bytes long")

    def __str__(self) -> str:
        return f"inst_{self.kind}_{self.subject_type}_{escaped(self.subject)}"

    @classmethod
    def parse(cls, text: str) -> InstanceId:
        """The inverse of `str`. Raises InvalidValue for any text that `str` would not have written."""
        match = _INSTANCE_ID.fullmatch(text)
        if match is None:
            raise InvalidValue("instance_id", text, "must look like inst_sla_ticket_42")
        kind, subject_type, escaped = match.groups()
        try:
            parsed = cls(Kind(kind), SubjectType(subject_type), _unescape(escaped))
        except ValueError:
            raise InvalidValue("instance_id", text, "must look like inst_sla_ticket_42") from None
        if str(parsed) != text:
            raise InvalidValue("instance_id", text, "is not written in its canonical form")
        return parsed


def workflow_id(organization: str, instance_id: str) -> str:
    return f"sla/{require_organization(organization)}/{instance_id}"


def parse_workflow_id(text: str) -> tuple[str, InstanceId]:
    """Organization and instance of a workflow id. Raises InvalidValue for any other id."""
    prefix, _, rest = text.partition("/")
    organization, _, instance = rest.partition("/")
    if prefix != "sla":
        raise InvalidValue("workflow_id", text, "must be sla/<organization>/<instance id>")
    return require_organization(organization), InstanceId.parse(instance)


def require_organization(text: str) -> str:
    if not _ORGANIZATION.fullmatch(text):
        raise InvalidValue("organization", text, "must be 1 to 64 letters, digits, dots, dashes or underscores")
    return text


def natural_order(id_: str) -> tuple[tuple[tuple[str, int, str], ...], str]:
    """The place of an id among others, its digits compared as numbers: `e9` comes before `e10`."""
    parts = ((text, len(digits.lstrip("0")), digits.lstrip("0")) for text, digits in _TEXT_AND_DIGITS.findall(id_))
    return tuple(parts), id_


def escaped(subject: str) -> str:
    """The text with its bytes outside `A-Z a-z 0-9 . _ -` written as `~XX`."""
    return "".join(chr(byte) if byte in _PLAIN else f"~{byte:02X}" for byte in subject.encode())


def _unescape(escaped: str) -> str:
    raw = re.sub(r"~([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), escaped)
    return raw.encode("latin-1").decode()
