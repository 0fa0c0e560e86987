"""What FastAPI leaves out of its OpenAPI document: the schema of a problem, and what is null in examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from api.http import problems


def complete(app: FastAPI) -> None:
    """Have the app describe itself with nothing left out. Every answer that is a problem refers to one schema."""
    described = app.openapi
    completed: dict[str, Any] | None = None

    def whole() -> dict[str, Any]:
        nonlocal completed
        document = described()
        # FastAPI keeps its document, and makes another one once there are other routes.
        if document is not completed:
            _complete(document["components"]["schemas"])
            completed = document
        return document

    replacement: Callable[[], dict[str, Any]] = whole
    app.openapi = replacement  # type: ignore[method-assign]


def _complete(schemas: dict[str, Any]) -> None:
    schemas |= problems.schemas()
    for name, examples in _examples(BaseModel):
        if examples.keys() <= schemas.get(name, {}).keys():
            schemas[name] |= examples


def _examples(model: type[BaseModel]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The `example` and `examples` that the API's own models have, by the model's name."""
    for child in model.__subclasses__():
        extra = child.model_config.get("json_schema_extra")
        if child.__module__.startswith("api.") and isinstance(extra, dict):
            yield child.__name__, {name: extra[name] for name in ("example", "examples") if name in extra}
        yield from _examples(child)
