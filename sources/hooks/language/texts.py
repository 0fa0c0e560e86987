"""The text of a mapping as a document: YAML as people expect it, within bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from domain.errors import InvalidValue

LARGEST = 200_000
MOST_PARTS = 20_000


class _Loader(yaml.SafeLoader):
    """YAML as people expect it: `no`, `on` and dates are texts, and no key is there twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} is there twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _letter, _word in (("t", "true"), ("f", "false")):
    _Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(f"^{_word}$"), [_letter])


def read_text(text: str, field: str) -> Any:
    """Raises InvalidValue for what is no YAML, is too long, or grows too large by its aliases."""
    if len(text) > LARGEST:
        raise InvalidValue(field, f"{len(text)} characters", f"must be at most {LARGEST} characters long")
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a loader of plain data: a SafeLoader with fewer types
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InvalidValue(field, " ".join(text[:80].split()), f"must be YAML ({reason})") from None
    _require_bounded(document, field)
    return document


def _require_bounded(document: Any, field: str) -> None:
    """An alias costs a few letters and may stand for a thousand parts, or for itself."""
    left, count = [document], 0
    while left:
        part = left.pop()
        count += 1
        if count > MOST_PARTS:
            raise InvalidValue(field, "...", f"must have at most {MOST_PARTS} parts, aliases written out")
        if isinstance(part, Mapping):
            left.extend(part.values())
        elif isinstance(part, list):
            left.extend(part)
