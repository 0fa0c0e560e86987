"""Every table, by room. The migrations make the schema; a test compares it with these tables."""

from store.schema.tables.analytics import COUNTED, instance_targets, target_traits
from store.schema.tables.instances import (
    deliveries,
    instance_dimensions,
    instance_events,
    instance_records,
    instances,
    milestones,
    notices,
    upkeep,
)
from store.schema.tables.metadata import metadata
from store.schema.tables.organizations import api_keys, idempotent_requests, organizations
from store.schema.tables.people import contacts, on_calls
from store.schema.tables.receivers import receivers, templates
from store.schema.tables.replans import replan_instances, replans
from store.schema.tables.rules import (
    calendar_versions,
    calendars,
    claims,
    ims_settings,
    policies,
    policy_versions,
    teams,
)
from store.schema.tables.sources import hook_bodies, source_memories, source_writes, sources
from store.schema.tables.tickets import tickets

__all__ = [
    "COUNTED",
    "api_keys",
    "calendar_versions",
    "calendars",
    "claims",
    "contacts",
    "deliveries",
    "hook_bodies",
    "idempotent_requests",
    "ims_settings",
    "instance_dimensions",
    "instance_events",
    "instance_records",
    "instance_targets",
    "instances",
    "metadata",
    "milestones",
    "notices",
    "on_calls",
    "organizations",
    "policies",
    "policy_versions",
    "receivers",
    "replan_instances",
    "replans",
    "source_memories",
    "source_writes",
    "sources",
    "target_traits",
    "teams",
    "templates",
    "tickets",
    "upkeep",
]
