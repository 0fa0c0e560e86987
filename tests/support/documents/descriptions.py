"""Bodies made from the examples that an OpenAPI document gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema itself, behind a reference if it is one."""
    name = schema.get("$ref", "").rpartition("/")[2]
    return dict(document["components"]["schemas"][name]) if name else dict(schema)


def example_body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
    """A body for the operation: what the schema requires, or all that has an example where it requires nothing."""
    if "requestBody" not in operation:
        return None
    (media,) = operation["requestBody"]["content"].values()
    return media.get("example", example(document, media["schema"]))


def example_queries(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    """The query parameters that the operation requires."""
    queries = [one for one in operation.get("parameters", []) if one["in"] == "query" and one.get("required")]
    return {one["name"]: one.get("example", example(document, one["schema"])) for one in queries}


def example(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """The example of a schema, its default, or one made of its parts."""
    schema = resolved(document, schema)
    for name in ("example", "const", "default"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    if "anyOf" in schema:
        return example(document, next(one for one in schema["anyOf"] if one.get("type") != "null"))
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        required = schema.get("required") or [name for name, part in properties.items() if part.get("examples")]
        return {name: example(document, properties[name]) for name in required}
    return {"array": [], "boolean": True, "string": "x"}.get(schema.get("type", ""), 1)
