"""What clocks have in common, by number: looked up by whoever writes a clock, made when it is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from store.tables import target_traits
from store.upserts import insert_missing

_ID = sa.select(target_traits.c.id).where(
    *(column == sa.bindparam(f"of_{column.name}") for column in target_traits.c if column.name != "id")
)


class Traits(NamedTuple):
    """An empty text is none."""

    organization: str
    kind: str
    type: str
    priority: str
    policy_id: str
    team_id: str


def find_traits(conn: sa.Connection, wanted: Iterable[Traits]) -> Mapping[Traits, int]:
    """The numbers of all of them."""
    distinct = sorted(set(wanted))
    found = {traits: _id(conn, traits) for traits in distinct}
    missing = [traits._asdict() for traits, id_ in found.items() if id_ is None]
    insert_missing(conn, target_traits, missing)
    return {traits: _id(conn, traits) or 0 if id_ is None else id_ for traits, id_ in found.items()}


def _id(conn: sa.Connection, traits: Traits) -> int | None:
    id_: int | None = conn.scalar(_ID, {f"of_{name}": value for name, value in traits._asdict().items()})
    return id_
