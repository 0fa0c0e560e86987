"""Traits that clocks have in common, by number.

Whoever writes a clock looks its traits up, and adds them if they are new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from domain.ticket.conditions.spelling import folded
from store.database.plain import read_first
from store.database.upserts import insert_missing
from store.schema.tables import target_traits
from store.schema.tenancy import OF_ORGANIZATION, own


class Traits(NamedTuple):
    """An empty text stands for none."""

    organization: str
    kind: str
    type: str
    priority: str
    policy_id: str
    team_id: str


_SHARED: dict[str, Any] = {name: sa.bindparam(f"of_{name}") for name in Traits._fields if name != "organization"}
_ID = sa.select(target_traits.c.id).where(own(target_traits, OF_ORGANIZATION, **_SHARED))


def find_traits(conn: sa.Connection, wanted: Iterable[Traits]) -> Mapping[Traits, int]:
    """The number of each of the traits. Traits without a number get one."""
    found = {traits: _id(conn, traits) for traits in sorted(set(wanted))}
    missing = [traits for traits, id_ in found.items() if id_ is None]
    insert_missing(
        conn, target_traits, [{**traits._asdict(), "priority_key": folded(traits.priority)} for traits in missing]
    )
    made = {traits: _id(conn, traits) for traits in missing}
    return {traits: id_ for traits, id_ in (found | made).items() if id_ is not None}


def _id(conn: sa.Connection, traits: Traits) -> int | None:
    found = read_first(conn, _ID, {f"of_{name}": value for name, value in traits._asdict().items()})
    return None if found is None else int(found.id)
