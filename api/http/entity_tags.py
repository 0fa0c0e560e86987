"""Entity tags, and the lists of tags that make a request conditional (RFC 9110, sections 8.8.3 and 13.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import InvalidValue

_ELEMENT = re.compile(r'[ \t]*(?:(W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*)?(?:,|\Z)')


@dataclass(frozen=True, slots=True)
class EntityTags:
    """The tags that a header names, with their quotes. `everything` is true for `*`."""

    strong: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    everything: bool = False

    def match_strongly(self, tag: str) -> bool:
        return self.everything or tag in self.strong

    def match_weakly(self, tag: str) -> bool:
        return self.everything or tag in self.strong | self.weak


def parse_tags(lines: Sequence[str], header: str) -> EntityTags | None:
    """None where the header was not sent. Raises InvalidValue, naming the header, for anything that is not a list of
    tags."""
    if not lines:
        return None
    text = ",".join(lines)
    if text.strip() == "*":
        return EntityTags(everything=True)
    strong: set[str] = set()
    weak: set[str] = set()
    at = 0
    while at < len(text):
        element = _ELEMENT.match(text, at)
        if element is None:
            raise _malformed(header, text)
        at = element.end()
        if tag := element[2]:
            (weak if element[1] else strong).add(tag)
    if not strong | weak:
        raise _malformed(header, text)
    return EntityTags(frozenset(strong), frozenset(weak))


def _malformed(header: str, text: str) -> InvalidValue:
    return InvalidValue(header, text, 'must be * or a list of entity tags, such as "sla_abc123.3"')
