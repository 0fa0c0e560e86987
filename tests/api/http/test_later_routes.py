"""What of the API is loaded when it is asked for first."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match

from api import rest
from api.app import create_app
from settings import Settings
from tests.cli.conftest import ROOT

ASKED = """
import asyncio, sys
import httpx
from fastapi import FastAPI
from api.app import create_app
from settings import Settings

async def main() -> None:
    app = create_app(Settings(), dependencies=object())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as http:
        for path in sys.argv[1:]:
            answers = await asyncio.gather(*(http.get(path) for _ in range(3)))
            print(path, {answer.status_code for answer in answers}, "api.rest" in sys.modules)

asyncio.run(main())
"""


def test_the_rest_is_loaded_with_the_first_request_that_nothing_else_takes() -> None:
    said = subprocess.run(
        [sys.executable, "-c", ASKED, "/healthz", "/nowhere", "/openapi.json"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert said.splitlines() == ["/healthz {200} False", "/nowhere {404} True", "/openapi.json {200} True"]


def test_a_wrong_method_is_told_the_right_ones_once_all_is_known() -> None:
    app = create_app(Settings())
    scope = {"type": "http", "path": "/api/v2/sla/policies", "method": "PUT", "headers": []}
    matches = [route.matches(scope)[0] for route in app.router.routes]
    assert Match.FULL in matches
    app.openapi()
    assert {route.matches(scope)[0] for route in app.router.routes} == {Match.NONE, Match.PARTIAL}


@pytest.fixture(scope="module")
def loaded() -> FastAPI:
    app = create_app(Settings())
    app.openapi()
    return app


@pytest.mark.parametrize("route", [one for part in rest.PARTS for one in part.router.routes], ids=lambda one: one.name)
def test_no_route_that_a_start_loads_takes_what_one_of_the_rest_is_for(loaded: FastAPI, route: Any) -> None:
    assert isinstance(route, APIRoute)
    path = route.path.replace("{", "").replace("}", "")
    for method in route.methods or ():
        scope: dict[str, Any] = {"type": "http", "path": path, "method": method, "headers": []}
        takes = next(one for one in loaded.router.routes if one.matches(scope)[0] is Match.FULL)
        assert takes in [one for part in rest.PARTS for one in part.router.routes], takes
