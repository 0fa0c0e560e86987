"""The schemas of REST, for documents that people type: what the API refuses the board refuses, in the same words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.http.schemas import Body
from api.v2.business_hours.schemas import BusinessHoursBody, BusinessHoursPatch
from api.v2.instances.command_schemas import InstanceBody
from api.v2.policies.change_schemas import PolicyPatch
from api.v2.policies.schemas import PolicyBody
from service.documents import refuse_uncarriable

__all__ = ["BusinessHoursBody", "BusinessHoursPatch", "InstanceBody", "PolicyBody", "PolicyPatch", "read_as"]


def read_as(schema: type[Body], document: Mapping[str, Any]) -> dict[str, Any]:
    """The document, once its shape is right. Raises InvalidValue and pydantic's ValidationError."""
    refuse_uncarriable(dict(document))
    return schema.model_validate(document).given()
