"""Apps that tests share: making one costs more than most tests, and all that one keeps is keyed by the API key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from api.app import create_app
from service.dependencies import Dependencies
from settings import Settings
from tests.support.shared import made_once

_idle: list[FastAPI] = []


@contextmanager
def lent_app(dependencies: Dependencies) -> Iterator[FastAPI]:
    """An app for one test, with these dependencies; the next test may get the same one."""
    app = _idle.pop() if _idle else create_app(Settings(), dependencies=dependencies)
    app.state.dependencies = dependencies
    try:
        yield app
    finally:
        _idle.append(app)


@cache
def openapi_document() -> dict[str, Any]:
    """What the API says of itself. Nobody may change it."""
    described: dict[str, Any] = json.loads(made_once("openapi.json", _describe).read_text())
    return described


def _describe(file: Path) -> None:
    file.write_text(json.dumps(create_app(Settings()).openapi()))
