"""The settings of the API v1: whether tickets are measured, and whether breaches go to the escalation contacts."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from domain.instants import Instant
from store.access.organizations import begin_change, find_organization
from store.database.clock import Clock
from store.database.connections import Database
from store.database.types import moment, optional_instant
from store.database.upserts import insert_missing
from store.schema.tables import ims_settings
from store.schema.tenancy import own


@dataclass(frozen=True, slots=True)
class ImsSettings:
    """`sla_enabled_at` is when measuring was last switched on.

    Tickets that were open then are measured from that instant.
    """

    sla_enabled: bool = False
    auto_escalate: bool = False
    sla_enabled_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Ims:
    """Every method raises NotFound for an organization that does not exist."""

    database: Database
    now: Clock

    async def get(self, organization: str) -> ImsSettings:
        def work(conn: sa.Connection) -> ImsSettings:
            find_organization(conn, organization)
            return find_settings(conn, organization)

        return await self.database.read(work)

    async def put(
        self, organization: str, sla_enabled: bool | None = None, auto_escalate: bool | None = None
    ) -> ImsSettings:
        """Change the settings that are not None."""
        now = self.now()

        def work(conn: sa.Connection) -> ImsSettings:
            begin_change(conn, organization)
            before = find_settings(conn, organization)
            enabled = before.sla_enabled if sla_enabled is None else sla_enabled
            after = ImsSettings(
                enabled,
                before.auto_escalate if auto_escalate is None else auto_escalate,
                now if enabled and not before.sla_enabled else before.sla_enabled_at,
            )
            row = {"sla_enabled": after.sla_enabled, "auto_escalate": after.auto_escalate, "updated_at": moment(now)}
            row["sla_enabled_at"] = moment(after.sla_enabled_at)
            insert_missing(conn, ims_settings, [{"organization": organization, **row}])
            conn.execute(sa.update(ims_settings).where(own(ims_settings, organization)).values(row))
            return after

        return await self.database.write(work)


def find_settings(conn: sa.Connection, organization: str) -> ImsSettings:
    """The settings of an organization; the defaults if it never set any."""
    row = conn.execute(sa.select(ims_settings).where(own(ims_settings, organization))).first()
    if row is None:
        return ImsSettings()
    return ImsSettings(row.sla_enabled, row.auto_escalate, optional_instant(row.sla_enabled_at))
