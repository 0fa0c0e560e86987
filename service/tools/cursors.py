"""Cursors: a place in a list as one opaque text, from which the list is read on."""

from __future__ import annotations

import base64
import binascii
import json

from domain.errors import InvalidValue
from store.lists.keys import Place


def cursor_of(order: str, place: Place) -> str:
    """The cursor of a place in a list that is sorted in that order."""
    written = json.dumps([order, *place], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def place_of(cursor: str, order: str) -> Place:
    """Raises InvalidValue for a text that is no cursor, and for the cursor of a list in another order."""
    try:
        # The padding says nothing, so it is left out.
        padded = cursor + "=" * (-len(cursor) % 4)
        written = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        written = None
    if not isinstance(written, list) or not all(part is None or isinstance(part, str) for part in written):
        raise InvalidValue("cursor", cursor, "must be the next_cursor of an earlier page")
    if not written or written[0] != order:
        raise InvalidValue("cursor", cursor, "must be the next_cursor of a page with the same sort")
    return tuple(written[1:])


def number_in(place: Place, part: int = 0) -> int:
    """The number that stands in a place. Raises InvalidValue for a place of another list."""
    text = place[part] if part < len(place) else None
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidValue("cursor", list(place), "must be the next_cursor of an earlier page")
    return int(text)
