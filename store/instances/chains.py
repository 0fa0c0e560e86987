"""Reading the chain of an instance's steps, also as an export. store/instances/writing/steps.py writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from domain.instants import Instant, render
from domain.record.chain import FORMAT, NOTHING_BEFORE
from store.database.connections import Database
from store.database.types import instant
from store.schema.tables import instance_records
from store.schema.tenancy import own

_STEP = (instance_records.c.sequence, instance_records.c.link, instance_records.c.hash, instance_records.c.recorded_at)


@dataclass(frozen=True, slots=True)
class ChainedStep:
    """A step as it was recorded. `hash` is None while a step before it is not recorded."""

    sequence: int
    link: Mapping[str, Any]
    previous_hash: str | None
    hash: str | None
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class Page:
    """Steps in their order, the number of all steps, the hash at the chain's end, and whether no step is missing.

    `follows`: there are steps behind these.
    """

    steps: Sequence[ChainedStep]
    follows: bool
    total: int
    head: str | None
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Chains:
    database: Database

    async def steps(self, organization: str, instance_id: str, *, limit: int, offset: int = 0, after: int = 0) -> Page:
        """Steps in their order, after skipping some, or behind the sequence `after`."""
        these = own(instance_records, organization, instance_id=instance_id)

        def work(conn: sa.Connection) -> Page:
            counted = sa.select(sa.func.count(), sa.func.max(instance_records.c.sequence)).where(these)
            total, last = conn.execute(counted).one()
            # The first step of the page follows the hash of the step before the page. One more than is shown tells
            # whether there is another page.
            sequence = instance_records.c.sequence
            before = sa.select(sa.func.max(sequence)).where(these, sequence <= after).scalar_subquery()
            page = sa.select(*_STEP).where(these, sequence >= sa.func.coalesce(before, 0)).order_by(sequence)
            rows = conn.execute(page.limit(limit + 2).offset(max(0, offset - 1))).all()
            hashed = sa.select(instance_records.c.hash).where(these, instance_records.c.hash.is_not(None))
            head = conn.scalar(hashed.order_by(instance_records.c.sequence.desc()).limit(1))
            steps = _steps(rows)
            shown = steps[1:] if offset else [step for step in steps if step.sequence > after]
            return Page(shown[:limit], len(shown) > limit, total, head, is_complete=total == (last or 0))

        return await self.database.read(work)

    async def export(self, organization: str, instance_id: str) -> dict[str, Any] | None:
        """The document that `domain.record.chain.verify` checks, None for an instance without a step."""
        these = own(instance_records, organization, instance_id=instance_id)
        every = sa.select(*_STEP).where(these).order_by(instance_records.c.sequence)
        rows = await self.database.read(lambda conn: conn.execute(every).all())
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


def _steps(rows: Sequence[Any]) -> list[ChainedStep]:
    steps: list[ChainedStep] = []
    for place, row in enumerate(rows):
        previous = rows[place - 1].hash if place else NOTHING_BEFORE
        steps.append(
            ChainedStep(row.sequence, row.link, previous if row.hash else None, row.hash, instant(row.recorded_at))
        )
    return steps
