"""Forms with rows: names like `targets.0.type` become a document of texts, in which rows come and go."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import deepcopy
from typing import Any

from starlette.requests import Request

Draft = dict[str, Any]
"""What was typed: texts, objects of them, and lists of such rows."""

DEEPEST = 6


async def sent(request: Request) -> Draft:
    """The fields of the form that the request brings."""
    return nested((name, text) for name, text in (await request.form()).multi_items() if isinstance(text, str))


def nested(fields: Iterable[tuple[str, str]]) -> Draft:
    """The later of two fields of one name counts. Rows keep their order, whatever their numbers are."""
    found: Draft = {}
    for name, text in fields:
        *parts, last = name.split(".")[:DEEPEST]
        place = found
        for part in parts:
            inner = place.get(part)
            if not isinstance(inner, dict):
                inner = place[part] = {}
            place = inner
        # Browsers send line ends as CRLF; nobody has typed that.
        place[last] = text.replace("\r\n", "\n")
    return {name: _rows(one) for name, one in found.items()}


def _rows(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _rows(one) for name, one in value.items()}
    if inner and all(name.isascii() and name.isdigit() and len(name) <= 6 for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def shaped(draft: Draft, lists: Collection[str], objects: Collection[str] = ()) -> Draft:
    """Whatever was sent, with rows in these lists, texts in these objects, and nothing but texts elsewhere."""
    texts = {name: value for name, value in draft.items() if isinstance(value, str) and name not in (*lists, *objects)}
    inner = {name: shaped(draft[name], ()) for name in objects if isinstance(draft.get(name), dict)}
    return {
        **texts,
        **inner,
        **{name: [shaped(row, lists) for row in rows(draft, name)] for name in lists if name in draft},
    }


def rows(draft: Draft, name: str) -> list[Draft]:
    """The rows of that name; none where something else was sent."""
    listed = draft.get(name)
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def text(draft: Draft, name: str) -> str:
    """What was typed there, without the space around it."""
    value = draft.get(name)
    return value.strip() if isinstance(value, str) else ""


def with_row(draft: Draft, path: str, row: Draft) -> Draft:
    """The draft with one more row at the end of `targets` or `escalations.0.actions`."""
    changed = deepcopy(draft)
    holder, name = _holder(changed, path)
    if holder is not None:
        holder[name] = [*rows(holder, name), dict(row)]
    return changed


def without_row(draft: Draft, path: str) -> Draft:
    """The draft without the row `targets.1` or `escalations.0.actions.1`."""
    changed = deepcopy(draft)
    listed, _, number = path.rpartition(".")
    holder, name = _holder(changed, listed)
    if holder is not None and number.isdigit():
        holder[name] = [one for index, one in enumerate(rows(holder, name)) if index != int(number)]
    return changed


def _holder(draft: Draft, path: str) -> tuple[Draft | None, str]:
    *parts, name = path.split(".")
    place: Any = draft
    for part in parts:
        if isinstance(place, list) and part.isdigit() and int(part) < len(place):
            place = place[int(part)]
        elif isinstance(place, dict):
            place = place.get(part)
        else:
            return None, name
    return (place if isinstance(place, dict) else None), name


class Typed(dict[str, Any]):
    """A draft for a template: what was not sent is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def shown(draft: Any) -> Any:
    if isinstance(draft, dict):
        return Typed((name, shown(one)) for name, one in draft.items())
    return [shown(one) for one in draft] if isinstance(draft, list) else draft
