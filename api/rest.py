"""What of the API no start needs: `api.later` loads it when it is asked for first."""

from __future__ import annotations

from api.hooks import routes as hooks
from api.v1.analytics import routes as v1_analytics
from api.v1.config import routes as v1_config
from api.v1.policies import routes as v1_policies
from api.v1.tickets import routes as v1_tickets
from api.v2.analytics import delivery_routes as delivery_figures
from api.v2.analytics import routes as analytics
from api.v2.business_hours import history_routes as business_hours_history
from api.v2.business_hours import import_routes as business_hours_import
from api.v2.business_hours import preview_routes as preview
from api.v2.business_hours import public_holiday_routes as public_holidays
from api.v2.business_hours import routes as business_hours
from api.v2.contacts import routes as contacts
from api.v2.deliveries import routes as deliveries
from api.v2.instances.explain import routes as explain
from api.v2.notices import routes as notices
from api.v2.on_call import routes as on_call
from api.v2.organization import key_routes as keys
from api.v2.organization import routes as organization
from api.v2.organization import team_routes as teams
from api.v2.receivers import routes as receivers
from api.v2.replans import routes as replans
from api.v2.sources import body_routes as source_bodies
from api.v2.sources import connector_routes as source_connectors
from api.v2.sources import routes as sources
from api.v2.templates import routes as templates

# What is under a fixed path before what is found by its id.
PARTS = (
    *(explain, v1_tickets, hooks),
    *(business_hours, business_hours_history, business_hours_import, public_holidays),
    *(teams, receivers, contacts, on_call, templates, deliveries, preview, replans),
    *(keys, organization, analytics, delivery_figures, source_bodies, source_connectors, sources),
    *(v1_config, v1_analytics, v1_policies),
)
WEBHOOKS, EXAMPLES = notices.webhooks, notices.EXAMPLES
