"""What request and response bodies have in common."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

DEFAULT_LIMIT = 25
MAX_LIMIT = 100
MAX_OFFSET = 1_000_000_000

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many to answer with.")]
Offset = Annotated[int, Query(ge=0, le=MAX_OFFSET, description="How many to skip.")]

_T = TypeVar("_T")

Several: TypeAlias = list[_T] | None
"""A filter that is given once or more often: what has one of its values matches."""

Cursor = Annotated[
    str | None,
    Query(
        description="`next_cursor` of the page before: reads on behind its last one, whatever has changed meanwhile. "
        "Instead of `offset`, with the same filters and the same `sort`.",
        examples=["WyItb3BlbmVkX2F0IiwiMjAyNi0wMy0wOFQxMzowMDowMFoiLCJpbnN0X3NsYV90aWNrZXRfMSJd"],
    ),
]

DateTime = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""ISO 8601 with an offset, read by the core, so that one rule says what an instant is."""

Windows = Annotated[
    list[list[str]],
    WithJsonSchema(
        {
            "type": "array",
            "items": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
        }
    ),
]


class Body(BaseModel):
    """A request body. An unknown key is refused, so that a typing error does not go unnoticed.

    Types are checked here. The core checks what the values mean.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """The document as it was sent: keys that were left out are not in it."""
        return {name: _plain(getattr(self, name)) for name in self.model_fields_set}


class View(BaseModel):
    model_config = ConfigDict(extra="allow")


class PageOf(BaseModel):
    total: int = Field(description="How many there are in all.", examples=[3])
    limit: int = Field(examples=[25])
    offset: int = Field(examples=[0])


class CursorPageOf(PageOf):
    next_cursor: str | None = Field(
        description="For `cursor`, to read on behind the last one of this page; null where nothing follows.",
        examples=[None],
    )


def page(data: list[dict[str, Any]], total: int, limit: int, offset: int) -> dict[str, Any]:
    return {"data": data, "total": total, "limit": limit, "offset": offset}


def _plain(value: Any) -> Any:
    if isinstance(value, Body):
        return value.given()
    return [_plain(one) for one in value] if isinstance(value, list) else value
