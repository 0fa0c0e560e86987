"""Bodies of `/keys`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import ConfigDict, Field, JsonValue, WithJsonSchema

from api.http.schemas import Body, CursorPageOf, DateTime, View
from domain.access.scopes import SCOPES

KeyId = Annotated[str, Path(examples=["key_3q2-7wAbCdEfGhIj"])]
ScopeName = Annotated[str, WithJsonSchema({"type": "string", "enum": list(SCOPES)})]

KEY: dict[str, JsonValue] = {
    "id": "key_3q2-7wAbCdEfGhIj",
    "name": "Help desk",
    "prefix": "ak_live_fY7V",
    "scopes": ["sla:read", "sla:write"],
    "created_at": "2026-03-02T09:00:00Z",
    "revoked_at": None,
}


class KeyBody(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Help desk", "scopes": ["sla:read", "sla:write"]}]}
    )

    name: str = Field(description="Whose key it is.", examples=["Help desk"])
    scopes: list[ScopeName] = Field(
        description="What it may do: at least one, none that the asking key does not have itself.",
        examples=[["sla:read", "sla:write"]],
    )


class KeyView(View):
    model_config = ConfigDict(json_schema_extra={"example": KEY})

    id: str
    name: str
    prefix: str = Field(description="How the key begins.")
    scopes: list[ScopeName]
    created_at: DateTime
    revoked_at: DateTime | None = Field(description="It opens nothing from then on; null: it is valid.")


class NewKeyView(KeyView):
    model_config = ConfigDict(json_schema_extra={"example": {**KEY, "key": "ak_live_fY7VqHc0m2kS9xTn4bRw6uEoZ1aLdGiJ"}})

    key: str = Field(description="The key. It is kept nowhere and shown in this answer only.")


class KeyPage(CursorPageOf):
    data: list[KeyView]
