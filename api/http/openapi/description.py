"""What FastAPI leaves out of its OpenAPI document: the schema of a problem, and what is null in examples.

Answers that are problems are described once each, and referred to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from api.http import problems


def complete(app: FastAPI, sent: Mapping[str, Any]) -> None:
    """Have the app describe itself with nothing left out. `sent` are examples by the names of the webhooks."""
    described = app.openapi
    completed: dict[str, Any] | None = None

    def whole() -> dict[str, Any]:
        nonlocal completed
        document = described()
        # FastAPI keeps its document, and makes another one once there are other routes.
        if document is not completed:
            _complete(document["components"]["schemas"])
            _refuse_guesses(document)
            _share_problems(document)
            _give_examples(document["webhooks"], sent)
            completed = document
        return document

    replacement: Callable[[], dict[str, Any]] = whole
    app.openapi = replacement  # type: ignore[method-assign]


def _complete(schemas: dict[str, Any]) -> None:
    schemas |= problems.schemas()
    for name, examples in _examples(BaseModel):
        if examples.keys() <= schemas.get(name, {}).keys():
            schemas[name] |= examples


def _refuse_guesses(document: dict[str, Any]) -> None:
    """Whatever asks for a key may say that too many wrong ones came, before anything of its own."""
    for operation in (one for methods in document["paths"].values() for one in methods.values()):
        if operation.get("security"):
            answers = operation["responses"] | {str(429): answer for answer in problems.documented(429).values()}
            operation["responses"] = dict(sorted(answers.items()))


def _share_problems(document: dict[str, Any]) -> None:
    shared: dict[str, Any] = {}
    for operation in (one for methods in document["paths"].values() for one in methods.values()):
        answers = operation["responses"]
        for status, answer in answers.items():
            if status.isdigit() and [answer] == list(problems.documented(int(status)).values()):
                name = answer["description"].replace(" ", "")
                shared[name] = answer
                answers[status] = {"$ref": f"#/components/responses/{name}"}
    document["components"]["responses"] = shared


def _give_examples(webhooks: dict[str, Any], sent: Mapping[str, Any]) -> None:
    for name, example in sent.items():
        for media in webhooks[name]["post"]["requestBody"]["content"].values():
            media["example"] = example


def _examples(model: type[BaseModel]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The `example` and `examples` that the API's own models have, by the model's name."""
    for child in model.__subclasses__():
        extra = child.model_config.get("json_schema_extra")
        if child.__module__.startswith("api.") and isinstance(extra, dict):
            yield child.__name__, {name: extra[name] for name in ("example", "examples") if name in extra}
        yield from _examples(child)
