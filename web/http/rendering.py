"""Templates. What a page is given is plain values and view models; nothing is looked up while it is rendered."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from domain.instants import Instant
from web.http import notes
from web.http.access import Visitor, dependencies_of
from web.http.fragments import is_fragment
from web.showing import durations, instants, numbers, words

ROOT = Path(__file__).parents[1]
OWN, FETCHED = ROOT / "static", ROOT / "assets"
FOLDERS = {"own": OWN, "npm": FETCHED}


async def page(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """The template with these values, and with what `layout.html` needs."""
    deps = await dependencies_of(request)
    now = deps.now()
    note = None if is_fragment(request) else notes.read(request, deps.cipher, now)
    text = render(request, template, now, note=note, **values)
    answer = HTMLResponse(text, status, {"Vary": "HX-Request", **(headers or {})})
    if note is not None:
        notes.forget(answer, request)
    return answer


def render(request: Request, template: str, now: Instant, **values: Any) -> str:
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    shared = {
        "visitor": visitor,
        "pages": request.app.state.pages,
        "lamp": request.app.state.live.lamp,
        "path": request.url.path,
        "query": request.url.query,
        "now": now,
        "zone": visitor.zone if visitor else "UTC",
    }
    return environment().get_template(template).render(**{**shared, **values})


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = asset
    made.filters.update(
        date=instants.date,
        clock=instants.clock,
        moment=instants.moment,
        iso=instants.iso,
        relative=instants.relative,
        duration=durations.duration,
        signed=durations.signed,
        percent=numbers.percent,
        words=words.words,
    )
    return made


@cache
def asset(name: str) -> str:
    """The address of a file, `own/board.css` or `npm/htmx.js`, with its hash; empty where it was not built."""
    folder, _, file = name.partition("/")
    path = FOLDERS[folder] / file
    if not path.is_file():
        return ""
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
