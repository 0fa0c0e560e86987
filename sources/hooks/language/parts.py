"""The parts that mappings are written in: expressions, values, times and tables, each refused by its path."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from sources.hooks.language import times
from sources.hooks.language.expressions import Expression, as_text, compiled, folded


class Part(BaseModel):
    """A part of a mapping: unknown keys are refused with those that are known."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, document: Any) -> Any:
        if not isinstance(document, Mapping):
            return document
        known = {field.alias or name for name, field in cls.model_fields.items()} | set(cls.model_fields)
        for key in document:
            if key not in known:
                listed = ", ".join(sorted(field.alias or name for name, field in cls.model_fields.items()))
                raise PydanticCustomError(
                    "unknown_key",
                    "must not have the key {key} (known: {listed})",
                    {"key": str(key), "listed": listed},
                )
        return document


def _expression(value: Any) -> Any:
    if isinstance(value, Expression):
        return value
    if not isinstance(value, str) or not value.strip():
        raise PydanticCustomError("expression", "must be a JMESPath expression")
    try:
        return compiled(value)
    except ValueError as error:
        raise PydanticCustomError("expression", "{reason}", {"reason": str(error)}) from None


Expr = Annotated[Expression, BeforeValidator(_expression)]


def _table(value: Any) -> Any:
    if not isinstance(value, Mapping) or not value:
        raise PydanticCustomError("table", "must be a table of what is written and what it means")
    table: dict[str, str | None] = {}
    for key, meaning in value.items():
        name, text = as_text(key), as_text(meaning)
        if name is None or (text is None and meaning is not None):
            raise PydanticCustomError("table", "must hold texts and numbers, not {row}", {"row": repr({key: meaning})})
        table[folded(name)] = text
    return table


Table = Annotated[dict[str, str | None], BeforeValidator(_table)]


def _shorthand(value: Any) -> Any:
    return {"from": value} if isinstance(value, str | Expression) else value


class Value(Part):
    """Where a text lies, and what it means.

    `from` finds it; of a list the first that the table knows counts. `setting` names a table of the source's settings
    that goes before `table`. What no table knows is `default`, or the text itself with `others: keep`, or refused
    with `others: refuse`. Without a table the text itself counts. A text alone is `from`.
    """

    from_: Expr | None = Field(default=None, alias="from")
    table: Table | None = None
    setting: str | None = None
    default: str | None = None
    others: str = "default"

    @field_validator("others")
    @classmethod
    def _choice(cls, value: str) -> str:
        return _one_of(value, ("default", "keep", "refuse"))

    @model_validator(mode="after")
    def _says_something(self) -> Value:
        if self.from_ is None and self.default is None:
            raise PydanticCustomError("value", "must have from, or a default")
        return self


AValue = Annotated[Value, BeforeValidator(_shorthand)]


class Time(Part):
    """Where an instant lies, and how it is written. A text alone is `from`.

    `format` is iso, epoch_s, epoch_ms, epoch_us, epoch_ns or what `strptime` takes; `zone` is where the clock hangs
    that wrote it, if it does not say; what is in `unset` counts as not there.
    """

    from_: Expr = Field(alias="from")
    format: str = times.ISO
    zone: str = "UTC"
    unset: tuple[str, ...] = ()

    @field_validator("format")
    @classmethod
    def _format(cls, value: str) -> str:
        if value in times.FORMATS:
            return value
        if "%" not in value:
            listed = ", ".join(times.FORMATS)
            raise PydanticCustomError(
                "format", "must be one of {listed}, or a format such as %d-%m-%Y %H:%M", {"listed": listed}
            )
        try:
            datetime.strptime(datetime(2026, 3, 8).strftime(value), value)  # noqa: DTZ001, DTZ007 - only its shape
        except ValueError as error:
            raise PydanticCustomError(
                "format", "must be a format that can be read ({reason})", {"reason": str(error)}
            ) from None
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise PydanticCustomError("zone", "must be a time zone such as Europe/Berlin") from None
        return value


def _time_list(value: Any) -> Any:
    return [_shorthand(one) for one in (value if isinstance(value, list | tuple) else [value])]


Times = Annotated[tuple[Time, ...], BeforeValidator(_time_list)]
"""Several places of one instant; the first that is there counts."""


def _one_of(value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise PydanticCustomError("choice", "must be one of {listed}", {"listed": ", ".join(choices)})
    return value
