"""The chain of an instance's steps: written with each step, read back as an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.chain import FORMAT, NOTHING_BEFORE, link_hash
from domain.instants import Instant, render
from domain.records import FIRST, Record
from store.database import Database
from store.tables import instance_records
from store.types import instant

_STEP = (instance_records.c.sequence, instance_records.c.link, instance_records.c.hash, instance_records.c.recorded_at)


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it was recorded; without a hash it lies behind a step that is not recorded yet."""

    sequence: int
    link: Mapping[str, Any]
    previous_hash: str | None
    hash: str | None
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class Page:
    """Steps, first one first; how many there are in all; the hash of the last of the chain; whether none is missing."""

    steps: Sequence[Step]
    total: int
    head: str | None
    is_complete: bool


async def chain(conn: AsyncConnection, record: Record) -> None:
    """Hash the step of this record and those behind it, as far as there is no gap.

    To be called once the instance's row has been moved: whoever moves it holds it until the end of the transaction.
    """
    previous = await _hash_before(conn, record)
    if previous is None:
        return
    for step in await _from(conn, record):
        previous = link_hash(previous, step.link)
        this = sa.and_(_of(record.organization, record.instance_id), instance_records.c.sequence == step.sequence)
        await conn.execute(sa.update(instance_records).where(this).values(hash=previous))


async def _hash_before(conn: AsyncConnection, record: Record) -> str | None:
    """None where the step before is missing, or lies behind one that is."""
    if record.sequence == FIRST:
        return NOTHING_BEFORE
    own = _of(record.organization, record.instance_id)
    before = sa.select(instance_records.c.hash).where(own, instance_records.c.sequence == record.sequence - 1)
    found: str | None = await conn.scalar(before)
    return found


async def _from(conn: AsyncConnection, record: Record) -> Sequence[Any]:
    """The step and those that follow it without a gap."""
    own = _of(record.organization, record.instance_id)
    later = sa.select(*_STEP).where(own, instance_records.c.sequence >= record.sequence)
    rows = (await conn.execute(later.order_by(instance_records.c.sequence))).all()
    return [row for place, row in enumerate(rows) if row.sequence == record.sequence + place]


def _of(organization: str, instance_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(instance_records.c.organization == organization, instance_records.c.instance_id == instance_id)


@dataclass(frozen=True, slots=True)
class Chains:
    database: Database

    async def steps(self, organization: str, instance_id: str, *, limit: int, offset: int) -> Page:
        own = _of(organization, instance_id)
        async with self.database.read() as conn:
            counted = sa.select(sa.func.count(), sa.func.max(instance_records.c.sequence)).where(own)
            total, last = (await conn.execute(counted)).one()
            page = sa.select(*_STEP).where(own).order_by(instance_records.c.sequence)
            # The step before the page tells the hash that its first step follows.
            rows = (await conn.execute(page.limit(limit + 1).offset(max(0, offset - 1)))).all()
            hashed = sa.select(instance_records.c.hash).where(own, instance_records.c.hash.is_not(None))
            head = await conn.scalar(hashed.order_by(instance_records.c.sequence.desc()).limit(1))
        steps = _steps(rows)
        return Page(steps[1:] if offset else steps[:limit], total, head, is_complete=total == (last or 0))

    async def export(self, organization: str, instance_id: str) -> dict[str, Any] | None:
        """All that `domain.chain.verify` needs; None for an instance that has no step."""
        own = _of(organization, instance_id)
        async with self.database.read() as conn:
            rows = (await conn.execute(sa.select(*_STEP).where(own).order_by(instance_records.c.sequence))).all()
        if not rows:
            return None
        chained = [step for step in _steps(rows) if step.hash is not None]
        return {
            "format": FORMAT,
            "organization": organization,
            "instance_id": instance_id,
            "head": chained[-1].hash if chained else NOTHING_BEFORE,
            "steps": [
                {
                    "recorded_at": render(step.recorded_at),
                    "previous_hash": step.previous_hash,
                    "hash": step.hash,
                    "link": step.link,
                }
                for step in chained
            ],
        }


def _steps(rows: Sequence[Any]) -> list[Step]:
    steps: list[Step] = []
    for place, row in enumerate(rows):
        previous = rows[place - 1].hash if place else NOTHING_BEFORE
        steps.append(Step(row.sequence, row.link, previous if row.hash else None, row.hash, instant(row.recorded_at)))
    return steps
