"""The schemas of REST, for documents that people type: what the API refuses the board refuses, in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.http.schemas import Body
from api.v2.business_hours.schemas import BusinessHoursBody, BusinessHoursPatch
from api.v2.contacts.schemas import ContactBody, ContactPatch
from api.v2.instances.command_schemas import InstanceBody
from api.v2.on_call.schemas import OnCallBody, OnCallPatch
from api.v2.organization.key_schemas import KeyBody
from api.v2.organization.schemas import OrganizationPatch
from api.v2.organization.team_schemas import TeamBody, TeamPatch
from api.v2.policies.change_schemas import PolicyPatch
from api.v2.policies.schemas import PolicyBody
from api.v2.receivers.schemas import ReceiverBody, ReceiverPatch
from api.v2.sources.schemas import SourceBody, SourcePatch
from service.tools.documents import refuse_uncarriable

__all__ = [
    "BusinessHoursBody",
    "BusinessHoursPatch",
    "ContactBody",
    "ContactPatch",
    "InstanceBody",
    "KeyBody",
    "OnCallBody",
    "OnCallPatch",
    "OrganizationPatch",
    "PolicyBody",
    "PolicyPatch",
    "ReceiverBody",
    "ReceiverPatch",
    "SourceBody",
    "SourcePatch",
    "TeamBody",
    "TeamPatch",
    "read_as",
]


def read_as(schema: type[Body], document: Mapping[str, Any]) -> dict[str, Any]:
    """The document, once its shape is right. Raises InvalidValue and pydantic's ValidationError."""
    refuse_uncarriable(dict(document))
    return schema.model_validate(document).given()
