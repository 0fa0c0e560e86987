"""Claims. A claim keeps a policy from being archived while an instance under it starts and has no row yet.

A claim is made before the instance's workflow starts, and ends in the transaction that records the opening. An opening
that fails leaves its claim behind. Once the claim has lapsed, Temporal knows whether there is such a workflow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from domain.instants import SECOND, Instant, Micros
from store.database.clock import Clock
from store.database.connections import Database
from store.database.plain import read_first, run
from store.database.types import instant, moment
from store.database.urls import SQLITE
from store.schema.tables import claims, instances, organizations
from store.schema.tenancy import OF_INSTANCE, OF_ORGANIZATION, own

GRACE = Micros(30 * SECOND)
"""A claim lapses after this time: much longer than a start takes to reach Temporal."""


_END = sa.delete(claims).where(own(claims, OF_ORGANIZATION, instance_id=OF_INSTANCE))


@dataclass(frozen=True, slots=True)
class Claim:
    instance_id: str
    policy_id: str
    claimed_at: Instant


@dataclass(frozen=True, slots=True)
class Claims:
    database: Database
    now: Clock

    async def standing(self, organization: str, instance_ids: Sequence[str]) -> Mapping[str, Claim]:
        """The claims of these instances, by instance id; only of instances without a row."""
        these = sa.and_(own(claims, organization), claims.c.instance_id.in_(instance_ids))
        return await self.database.read(lambda conn: {claim.instance_id: claim for claim in _read(conn, these)})

    async def lapsed(self, organization: str, policy_id: str) -> Sequence[Claim]:
        """The claims on a policy that have lapsed: Temporal can be asked whether their instances run."""
        old = claims.c.claimed_at < moment(Instant(self.now() - GRACE))
        these = sa.and_(own(claims, organization, policy_id=policy_id), old)
        return await self.database.read(lambda conn: _read(conn, these))

    def has_lapsed(self, claim: Claim) -> bool:
        return claim.claimed_at < self.now() - GRACE

    async def drop(self, organization: str, claim: Claim) -> None:
        """Remove a claim whose instance never started, unless it was renewed meanwhile."""
        same = claims.c.claimed_at == moment(claim.claimed_at)

        def work(conn: sa.Connection) -> None:
            conn.execute(sa.delete(claims).where(own(claims, organization, instance_id=claim.instance_id), same))

        await self.database.write(work)

    async def release(self, organization: str, instance_id: str) -> None:
        """Remove the claim of an instance that has its row."""

        def work(conn: sa.Connection) -> None:
            conn.execute(sa.delete(claims).where(own(claims, organization, instance_id=instance_id), _recorded()))

        await self.database.write(work)


def claim_policy(conn: sa.Connection, organization: str, claim: Claim) -> Claim | None:
    """Make the claim, or renew it. None if that was possible, else the claim on another policy that prevents it."""
    row = {
        "organization": organization,
        "instance_id": claim.instance_id,
        "policy_id": claim.policy_id,
        "claimed_at": moment(claim.claimed_at),
    }
    if read_first(conn, _claiming(conn.dialect.name), row) is not None:
        return None
    held = conn.execute(sa.select(claims).where(own(claims, organization, instance_id=claim.instance_id))).one()
    return _claim(held)


_HOLD = sa.select(organizations.c.id).where(own(organizations, OF_ORGANIZATION)).with_for_update(read=True)


def hold_configuration(conn: sa.Connection, organization: str) -> None:
    """Until our commit no change of the organization's configuration commits. Several may hold it at once."""
    run(conn, _HOLD, {"of_organization": organization})


def end_claim(conn: sa.Connection, organization: str, instance_id: str) -> None:
    run(conn, _END, {"of_organization": organization, "of_instance": instance_id})


def count_claims(organization: str, policy_id: str) -> sa.ScalarSelect[int]:
    """The number of a policy's instances without a row."""
    these = sa.and_(own(claims, organization, policy_id=policy_id), ~_recorded())
    return sa.select(sa.func.count()).select_from(claims).where(these).scalar_subquery()


def _read(conn: sa.Connection, these: sa.ColumnElement[bool]) -> Sequence[Claim]:
    rows = conn.execute(sa.select(claims).where(these, ~_recorded()).order_by(claims.c.instance_id))
    return [_claim(row) for row in rows]


def _recorded() -> sa.ColumnElement[bool]:
    same = own(instances, claims.c.organization, id=claims.c.instance_id)
    return sa.exists().where(same, instances.c.snapshot_sequence > 0).correlate(claims)


def _claim(row: Any) -> Claim:
    return Claim(row.instance_id, row.policy_id, instant(row.claimed_at))


@cache
def _claiming(dialect: str) -> Any:
    insert: Any = sqlite.insert(claims) if dialect == SQLITE else postgresql.insert(claims)
    renewed = insert.on_conflict_do_update(
        index_elements=["organization", "instance_id"],
        set_={"claimed_at": insert.excluded.claimed_at},
        where=claims.c.policy_id == insert.excluded.policy_id,
    )
    return renewed.returning(claims.c.instance_id)
