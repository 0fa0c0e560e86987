"""What is recorded of events, found by instance and event id: one statement for all who wait for one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from textwrap import dedent
from typing import Any

import sqlalchemy as sa

from store.database.types import Document, UtcDateTime
from store.database.urls import SQLITE

EventKey = tuple[str, str, str]
"""Organization, instance id and event id."""


# One parameter holds all keys, so that the statement is the same for any number of them.
_SQLITE = """
    SELECT wanted.key AS place, event.occurred_at AS occurred_at,
           CASE WHEN event.event_id IS NULL THEN instance.set_aside END AS set_aside
    FROM json_each(:wanted) AS wanted
    CROSS JOIN instances AS instance
      ON instance.organization = json_extract(wanted.value, '$[0]') AND instance.id = json_extract(wanted.value, '$[1]')
    LEFT JOIN instance_events AS event
      ON event.organization = instance.organization AND event.instance_id = instance.id
     AND event.event_id = json_extract(wanted.value, '$[2]')
"""
_POSTGRESQL = """
    SELECT wanted.place - 1 AS place, event.occurred_at AS occurred_at,
           CASE WHEN event.event_id IS NULL THEN instance.set_aside END AS set_aside
    FROM json_array_elements(CAST(:wanted AS json)) WITH ORDINALITY AS wanted (value, place)
    JOIN instances AS instance
      ON instance.organization = wanted.value ->> 0 AND instance.id = wanted.value ->> 1
    LEFT JOIN instance_events AS event
      ON event.organization = instance.organization AND event.instance_id = instance.id
     AND event.event_id = wanted.value ->> 2
"""


def _reading(text: str) -> sa.TextualSelect:
    return sa.text(dedent(text).strip()).columns(place=sa.Integer, occurred_at=UtcDateTime, set_aside=Document)


_STATEMENTS = {True: _reading(_SQLITE), False: _reading(_POSTGRESQL)}


def find_recorded(conn: sa.Connection, wanted: Sequence[EventKey]) -> Iterator[tuple[EventKey, datetime | None, Any]]:
    """For each key whose instance has a row: the event's `occurred_at` if it is recorded, else what was set aside."""
    statement = _STATEMENTS[conn.dialect.name == SQLITE]
    for row in conn.execute(statement, {"wanted": json.dumps(wanted)}):
        yield wanted[row.place], row.occurred_at, row.set_aside
