"""Two organizations and every route crossed: nothing of one is visible to the other, or changed by it.

The matrix is made from the OpenAPI document, so that a new route joins by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.apps import openapi_document
from tests.support.documents.descriptions import example_body, example_queries, resolved
from tests.support.documents.furnishing import Things, furnish

DOCUMENT = openapi_document()
MARK = "zanzibar"
"""Stands in every name and every subject of the organization that must not be seen."""
EVERYBODYS = {"channel"}
"""Parameters that name what everybody has: its settings are each organization's own."""
REFERENCES = {"business_hours_id": "business_hours_id", "default_business_hours_id": "business_hours_id"}
"""Fields of bodies that name something of the organization, and must name something that is there."""


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    description: dict[str, Any]

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    @property
    def queries(self) -> list[str]:
        return [one["name"] for one in self.description.get("parameters", []) if one["in"] == "query"]

    @property
    def required(self) -> dict[str, str]:
        """What it cannot be asked without, with its example."""
        given = self.description.get("parameters", [])
        return {one["name"]: one["schema"]["examples"][0] for one in given if one["in"] == "query" and one["required"]}

    @property
    def properties(self) -> dict[str, Any]:
        body = self.description.get("requestBody")
        schema = next(iter(body["content"].values()))["schema"] if body else {}
        options = [resolved(DOCUMENT, one) for one in schema.get("anyOf", [schema])]
        return next((dict(one["properties"]) for one in options if "properties" in one), {})

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def operations() -> Iterator[Operation]:
    for path, methods in DOCUMENT["paths"].items():
        for method, description in methods.items():
            if path.startswith("/api"):
                yield Operation(method.upper(), path, description)


OPERATIONS = list(operations())


async def everything(api: Any, things: Things) -> dict[str, Any]:
    """What each GET answers, without what depends on when it was asked."""
    seen = {}
    for one in OPERATIONS:
        if one.method == "GET" and "/analytics" not in one.path:
            answer = await ask(api, one, things)
            seen[str(one)] = still(answer.json())
    return seen


def still(document: Any) -> Any:
    if isinstance(document, dict):
        return {
            name: still(value)
            for name, value in document.items()
            if not name.endswith(("_seconds", "_if_resumed_now")) and name not in ("at", "segments")
        }
    return [still(one) for one in document] if isinstance(document, list) else document


async def ask(api: Any, one: Operation, things: Things, body: Any = None, **params: str) -> Any:
    sent = example_body(DOCUMENT, one.description) if body is None else body
    params = {**example_queries(DOCUMENT, one.description), **params}
    return await api.http.request(
        one.method, one.path.format(**things.ids(one.path)), json=sent, params={**one.required, **params}
    )


def shows_nothing(answer: Any, things: Things) -> bool:
    return MARK not in answer.text and not any(id_ in answer.text for id_ in things.all)


@pytest.fixture
async def theirs(make_api: Any) -> tuple[Any, Things]:
    api = await make_api()
    return api, await furnish(api.http, MARK)


def test_the_matrix_covers_every_route() -> None:
    assert len(OPERATIONS) > 40


async def test_every_path_parameter_has_something_to_find(theirs: tuple[Any, Things]) -> None:
    _, things = theirs
    for one in OPERATIONS:
        assert set(one.parameters) <= things.ids(one.path).keys(), one


async def test_what_names_something_of_another_organization_finds_nothing(
    theirs: tuple[Any, Things], make_api: Any
) -> None:
    owner, things = theirs
    before = await everything(owner, things)
    stranger = await make_api()
    await stranger.policy()
    wrong = []
    for one in (one for one in OPERATIONS if set(one.parameters) - EVERYBODYS):
        answer = await ask(stranger, one, things)
        if answer.status_code != 404 or MARK in answer.text.replace(str(answer.json().get("value")), ""):
            wrong.append(f"{one}: {answer.status_code} {answer.text}")
    assert wrong == []
    assert await everything(owner, things) == before


async def test_what_lists_or_counts_shows_nothing_of_another_organization(
    theirs: tuple[Any, Things], make_api: Any
) -> None:
    _, things = theirs
    stranger = await make_api()
    for one in (one for one in OPERATIONS if one.method == "GET" and not set(one.parameters) - EVERYBODYS):
        ids = things.ids(one.path)
        narrowed: list[dict[str, str]] = [{name: ids[name]} for name in one.queries if name in ids]
        # Elsewhere a priority is one of a few words that everybody has.
        of_v2 = one.queries if one.path.startswith("/api/v2/") else []
        narrowed += [{name: MARK} for name in of_v2 if name in ("ticket_id", "priority")]
        for params in ({}, *narrowed):
            answer = await ask(stranger, one, things, **params)
            assert answer.status_code == 200, f"{one}: {answer.text}"
            assert shows_nothing(answer, things), f"{one} {params}: {answer.text}"


async def test_a_body_cannot_refer_to_something_of_another_organization(
    theirs: tuple[Any, Things], make_api: Any
) -> None:
    owner, things = theirs
    before = await everything(owner, things)
    stranger = await make_api()
    own = await furnish(stranger.http, "own")
    tried = 0
    for one in OPERATIONS:
        for name in REFERENCES.keys() & one.properties.keys():
            body = {**(example_body(DOCUMENT, one.description) or {}), name: things.everywhere[REFERENCES[name]]}
            answer = await ask(stranger, one, own, body)
            assert answer.status_code == 422, f"{one} with {name}: {answer.status_code} {answer.text}"
            tried += 1
    assert tried >= 6
    refused = await stranger.post(
        "/policies/reorder", {"policy_ids": [own.everywhere["policy_id"], things.everywhere["policy_id"]]}
    )
    assert refused.status_code == 422
    assert await everything(owner, things) == before


async def test_events_of_a_subject_reach_the_instances_of_their_own_organization_only(
    theirs: tuple[Any, Things], make_api: Any
) -> None:
    owner, things = theirs
    before = await everything(owner, things)
    stranger = await make_api()
    answer = await stranger.post("/events", {"type": "resolved", "ticket_id": MARK})
    assert answer.status_code == 404
    assert await everything(owner, things) == before
