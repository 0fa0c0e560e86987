"""Schemathesis over the whole OpenAPI document, against the API with a real server, a worker and things to find."""

from __future__ import annotations

import asyncio
import shutil
import threading
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Err
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from api.app import create_app
from service.dependencies import Dependencies
from service.temporal.engine import provider
from settings import Settings
from store.access.keys import ensure_key
from store.store import Store
from tests.support.apps import openapi_document
from tests.support.documents.descriptions import resolved
from tests.support.documents.furnishing import Things, furnish
from tests.support.examples import examples
from tests.support.outlets import CIPHER, LoopbackOutlets
from tests.support.ports import free_port
from worker import StoreProjection, build_worker

EXAMPLES = examples(6)
PATIENCE_SECONDS = 30
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENT = openapi_document()
HERE = "urn:document"
REGISTRY = jsonschema_rs.Registry([(HERE, {"components": DOCUMENT["components"]})])
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS: dict[str, Any] = {}
for _found in SCHEMA.get_all_operations():
    assert not isinstance(_found, Err), _found
    OPERATIONS[_found.ok().label] = _found.ok()


@dataclass(frozen=True)
class Served:
    """Where the API listens, and the store behind it."""

    url: str
    database_url: str


@dataclass(frozen=True)
class Furnished:
    """An organization's key that may do everything, and the things it has."""

    url: str
    key: str
    things: Things


class Background:
    """An API and a worker on an event loop of their own."""

    def __init__(self, database_url: str, temporal_address: str) -> None:
        self.port = free_port()
        self._database_url, self._temporal_address = database_url, temporal_address
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        assert self._started.wait(PATIENCE_SECONDS)
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE_SECONDS)

    async def _run(self) -> None:
        async with AsyncExitStack() as stack:
            client = await Client.connect(self._temporal_address, data_converter=pydantic_data_converter)
            store = Store.open(self._database_url)
            stack.push_async_callback(store.close)
            queue = uuid.uuid4().hex
            await stack.enter_async_context(build_worker(client, StoreProjection(store), [], task_queue=queue))
            dependencies = Dependencies(
                store, provider(client), task_queue=queue, cipher=CIPHER, outlets=LoopbackOutlets()
            )
            app = create_app(Settings(), dependencies=dependencies)
            config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_level="critical", lifespan="off")
            self._server = uvicorn.Server(config)
            serving = asyncio.create_task(self._server.serve())
            while not self._server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event
                await asyncio.sleep(0.01)
            self._started.set()
            await serving


@pytest.fixture(scope="module")
def served(temporal_address: str, empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    database = tmp_path_factory.mktemp("described") / "store.db"
    shutil.copy(empty_database, database)
    with Background(f"sqlite:///{database}", temporal_address) as url:
        yield Served(url, f"sqlite:///{database}")


@pytest.fixture(scope="module")
def standing(served: Served) -> Furnished:
    return new_organization(served)


@pytest.fixture
def furnished(served: Served, standing: Furnished, label: str) -> Furnished:
    """A new organization for what ends what it finds, so that it is there for the next."""
    ends = label.startswith("DELETE ") or "/instances/{instance_id}/" in label
    return new_organization(served) if ends else standing


def new_organization(served: Served) -> Furnished:
    key = f"ak_live_{uuid.uuid4().hex}"
    asyncio.run(ensure_key(served.database_url, key, "test", f"org-{uuid.uuid4().hex[:12]}"))
    return Furnished(served.url, key, asyncio.run(things(served.url, key)))


async def things(url: str, key: str) -> Things:
    async with httpx.AsyncClient(base_url=url, headers={"X-API-Key": key}, timeout=PATIENCE_SECONDS) as http:
        return await furnish(http, "described")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_an_operation_answers_as_described_whatever_it_is_sent(furnished: Furnished, label: str) -> None:
    operation = OPERATIONS[label]
    sent = 0

    @settings(
        derandomize=True,
        deadline=None,
        database=None,
        max_examples=EXAMPLES,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases(operation), st.integers(0, 2))
    def answers(case: Any, luck: int) -> None:
        nonlocal sent
        if luck:
            for name in case.path_parameters or {}:
                case.path_parameters[name] = furnished.things.ids(operation.path)[name]
        sent += 1
        case.call_and_validate(
            base_url=furnished.url, headers={"X-API-Key": furnished.key}, checks=CHECKS, timeout=PATIENCE_SECONDS
        )

    answers()
    assert sent > 0


def cases(operation: Any) -> Any:
    valid = operation.as_strategy(GenerationMode.POSITIVE)
    takes_nothing = not (operation.body or operation.query or operation.path_parameters)
    return valid if takes_nothing else valid | operation.as_strategy(GenerationMode.NEGATIVE)


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_an_operation_has_examples_for_what_it_takes_and_gives(label: str) -> None:
    method, _, path = label.partition(" ")
    operation = DOCUMENT["paths"][path][method.lower()]
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    for part in [*bodies, *good]:
        for media in part.get("content", {}).values():
            assert has_example(media), f"{label}: {media}"
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        known = {"example", "examples", "default", "enum"} & (parameter.keys() | schema.keys())
        assert known or "$ref" in str(schema), f"{label}: {parameter['name']}"


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"]))
def test_an_example_is_as_its_schema_says(name: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]
    validator = jsonschema_rs.validator_for({"$ref": f"{HERE}#/components/schemas/{name}"}, registry=REGISTRY)
    for example in [*schema.get("examples", []), *([schema["example"]] if "example" in schema else [])]:
        assert [f"{fault.instance_path}: {fault.message}" for fault in validator.iter_errors(example)] == []


def has_example(media: dict[str, Any]) -> bool:
    """At the media type itself or at its schema, or at every property that the schema requires."""
    schema = resolved(DOCUMENT, media.get("schema", {}))
    if "anyOf" in schema:
        return any(has_example({"schema": one}) for one in schema["anyOf"])
    if {"example", "examples"} & (media.keys() | schema.keys()):
        return True
    required = schema.get("required", [])
    return bool(required) and all(told(schema["properties"][name]) for name in required)


def told(schema: dict[str, Any]) -> bool:
    schema = resolved(DOCUMENT, schema)
    if {"example", "examples", "enum", "const", "default"} & schema.keys() or schema.get("type") == "boolean":
        return True
    if schema.get("type") == "array":
        return told(schema["items"])
    if "anyOf" in schema:
        return any(told(one) for one in schema["anyOf"])
    required = schema.get("required", [])
    return bool(required) and all(told(schema["properties"][name]) for name in required)
