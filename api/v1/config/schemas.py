"""Bodies of `/ims/config`."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from api.http.schemas import Body, View

BOTH: dict[str, Any] = {"slaEnabled": True, "autoEscalate": True}

_ENABLED = "Whether new tickets get timers; switched on, every open ticket is measured from that moment."
_ESCALATE = "Whether a breach goes to the `escalationContact`; read when the breach happens."


class ConfigBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [BOTH]})

    # A default from a factory is not described; a field that is left out stays as it is.
    slaEnabled: bool = Field(default_factory=bool, description=_ENABLED, examples=[True])
    autoEscalate: bool = Field(default_factory=bool, description=_ESCALATE, examples=[True])


class ConfigView(View):
    model_config = ConfigDict(json_schema_extra={"examples": [BOTH]})

    slaEnabled: bool = Field(description=_ENABLED, examples=[True])
    autoEscalate: bool = Field(description=_ESCALATE, examples=[True])
