"""Writing the steps of an instance as a chain: each with a hash over all steps up to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from domain.errors import ProjectionConflict
from domain.record.chain import NOTHING_BEFORE, link_hash
from domain.record.records import FIRST, Record
from store.database.marks import mark_changed
from store.database.plain import read_all, run, run_each
from store.instances.writing.rows import key_of
from store.schema.tables import instance_records
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

_OWN = own(instance_records, OF_ORGANIZATION, instance_id=OF_INSTANCE)
_FROM = (
    sa.select(instance_records.c.sequence, instance_records.c.digest, instance_records.c.hash, instance_records.c.link)
    .where(_OWN, instance_records.c.sequence >= sa.bindparam("from_sequence"))
    .order_by(instance_records.c.sequence)
)
_SETTLED_LATER = (
    sa.select(instance_records.c.settled)
    .where(_OWN, instance_records.c.sequence > sa.bindparam("from_sequence"))
    .order_by(instance_records.c.sequence)
)
_INSERT = sa.insert(instance_records)
_HASH = (
    sa.update(instance_records)
    .where(_OWN, instance_records.c.sequence == sa.bindparam("of_sequence"))
    .values(hash=sa.bindparam("as_hash"))
)


def insert_step(conn: sa.Connection, record: Record, row: Mapping[str, Any], is_new: bool) -> bool:
    """Write the step, with its hash if no step before it is missing. False when the step is there already.

    `is_new`: the instance has no step yet. The caller must hold the instance's row. Raises ProjectionConflict when the
    step is there with other content.
    """
    key = key_of(record)
    steps = [] if is_new else read_all(conn, _FROM, {**key, "from_sequence": record.sequence - 1})
    held = {step.sequence: step for step in steps}
    if (there := held.get(record.sequence)) is not None:
        _require_same(record, row["digest"], there.digest)
        return False
    previous = _hash_before(record, held)
    hashed = None if previous is None else link_hash(previous, row["link"])
    run(conn, _INSERT, {**row, "hash": hashed})
    mark_changed(conn)
    if hashed is not None:
        behind = _hashes_behind(record, steps, hashed)
        run_each(conn, _HASH, [{**key, "of_sequence": sequence, "as_hash": hash_} for sequence, hash_ in behind])
    return True


def settled_later(conn: sa.Connection, record: Record) -> frozenset[str]:
    """The ids of the notices that steps behind the record have settled, which were recorded before it."""
    later = read_all(conn, _SETTLED_LATER, {**key_of(record), "from_sequence": record.sequence})
    return frozenset(id_ for step in later for id_ in step.settled)


def _require_same(record: Record, digest: str, held: str) -> None:
    if digest != held:
        raise ProjectionConflict(
            f"record {record.sequence} of {record.instance_id} is already written with other content",
            field="sequence",
            value=record.sequence,
        )


def _hash_before(record: Record, held: Mapping[int, Any]) -> str | None:
    """The hash of the step before; None if that step is missing, or one before it is."""
    if record.sequence == FIRST:
        return NOTHING_BEFORE
    before = held.get(record.sequence - 1)
    return None if before is None else before.hash


def _hashes_behind(record: Record, steps: Sequence[Any], previous: str) -> Iterator[tuple[int, str]]:
    """The sequences and hashes of the steps that follow the record without a gap."""
    following = record.sequence + 1
    for step in steps:
        if step.sequence == following:
            previous = link_hash(previous, step.link)
            yield following, previous
            following += 1
