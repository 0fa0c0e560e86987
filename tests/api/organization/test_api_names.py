"""Whatever has a name has one that people can see."""

from __future__ import annotations

from typing import Any

import pytest

WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue")}
MADE: dict[str, dict[str, Any]] = {
    "/policies": {},
    "/ola/policies": {},
    "/business-hours": {"timezone": "UTC", "weekly_hours": WEEK},
    "/teams": {"id": "network"},
    "/receivers": {"channel": "webhook", "address": "http://127.0.0.1:9/"},
    "/contacts": {"addresses": [{"channel": "email", "address": "ada@example.com"}]},
    "/on-call": {"timezone": "UTC"},
    "/sources": {"kind": "github"},
    "/keys": {"scopes": ["sla:read"]},
}


@pytest.mark.parametrize("path", MADE)
@pytest.mark.parametrize("name", ["\u200b\u2060", "\u202e\u2069", "\u0000"], ids=["no width", "direction", "NUL"])
async def test_a_name_of_characters_that_nobody_sees_is_refused(api: Any, path: str, name: str) -> None:
    answer = await api.post(path, {**MADE[path], "name": name})
    assert (answer.status_code, answer.json()["field"]) == (422, "name"), answer.text


async def test_an_organization_has_a_name_that_is_seen(api: Any) -> None:
    answer = await api.http.patch("/api/v2/sla/organization", json={"name": "\u200b"})
    assert (answer.status_code, answer.json()["field"]) == (422, "name"), answer.text
