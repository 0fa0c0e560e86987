from __future__ import annotations

from typing import Any

import pytest

POLICY: dict[str, Any] = {"name": "Urgent", "targets": [{"type": "resolution", "hours": 1}]}
TICKET = {"conversation_id": "conv_1", "priority": "urgent"}

UNCARRIABLE = {
    "NaN": ('{"name":"x","at_risk_percent":NaN}', "at_risk_percent"),
    "infinity": ('{"name":"x","targets":[{"type":"resolution","hours":-Infinity}]}', "targets[0].hours"),
    "a number beyond floats": ('{"name":"x","at_risk_percent":1e999}', "at_risk_percent"),
    "NUL": ('{"name":"a\\u0000b"}', "name"),
    "NUL in a key": ('{"name":"x","a\\u0000b":1}', "a\\x00b"),
    "half a surrogate pair": ('{"name":"\\ud83d"}', "name"),
    "half a surrogate pair in a key": ('{"name":"x","\\udc00":1}', "\\udc00"),
}


@pytest.mark.parametrize(("text", "field"), UNCARRIABLE.values(), ids=UNCARRIABLE.keys())
async def test_json_that_cannot_be_stored_is_refused_by_name(api: Any, text: str, field: str) -> None:
    answer = await send(api, "/policies", text.encode())
    assert (answer.status_code, answer.json()["field"]) == (422, field)


NOT_JSON = {
    "nothing closed": b'{"name": "x"',
    "no JSON": b"name=x",
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "nested without end": b"[" * 100_000,
    "an integer of five thousand digits": b'{"name": ' + b"9" * 5000 + b"}",
    "a lone comma": b",",
}


@pytest.mark.parametrize("content", NOT_JSON.values(), ids=NOT_JSON.keys())
async def test_what_is_not_json_is_a_bad_request(api: Any, content: bytes) -> None:
    answer = await send(api, "/policies", content)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_deep_nesting_is_refused(api: Any) -> None:
    nested: Any = "x"
    for _ in range(40):
        nested = {"a": nested}
    answer = await api.post("/instances", {**TICKET, "fields": nested})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_value")
    assert answer.json()["field"].startswith("fields.a.a")


async def test_a_body_beyond_the_limit_is_refused(api: Any) -> None:
    answer = await send(api, "/policies", b'{"name": "' + b"x" * 300_000 + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "content_too_large")


async def test_a_body_that_is_not_called_json_is_refused(api: Any) -> None:
    answer = await api.http.post("/api/v2/sla/policies", data={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert "application/json" in answer.json()["detail"]


async def test_a_long_value_is_shown_short(api: Any) -> None:
    answer = await api.post("/policies", {**POLICY, "name": "x" * 10_000, "y" * 10_000: "z" * 10_000})
    assert answer.status_code == 422
    assert all(len(error["field"]) <= 200 and len(error["value"]) <= 200 for error in answer.json()["errors"])
    assert len(answer.content) < 3000


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "offset=-1", f"offset={10**30}", "status=late", "kind=x", "priority=%00", "%00=1"],
)
async def test_a_filter_that_makes_no_sense_is_refused(api: Any, query: str) -> None:
    answer = await api.http.get(f"/api/v2/sla/instances?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_value")


async def test_two_subjects_in_one_filter_are_refused(api: Any) -> None:
    answer = await api.get("/instances", conversation_id="1", ticket_id="2")
    assert (answer.status_code, answer.json()["field"]) == (422, "ticket_id")


@pytest.mark.parametrize("path", ["/policies/%00", "/instances/%00", "/business-hours/a%00b", "/policies/%ED%A0%80"])
async def test_an_impossible_id_is_not_found(api: Any, path: str) -> None:
    answer = await api.http.get(f"/api/v2/sla{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_unknown_routes_and_methods_are_problems_too(api: Any) -> None:
    missing = await api.http.get("/api/v2/sla/polices")
    wrong = await api.http.put("/api/v2/sla/policies", json={})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"]
    assert {missing.headers["content-type"], wrong.headers["content-type"]} == {"application/problem+json"}


@pytest.mark.parametrize("host", ["[", "a b", "]:x", "a:99999999"])
async def test_a_strange_host_header_leads_nowhere(api: Any, host: str) -> None:
    for path in ("/policies", "/policies/", "/nothing"):
        answer = await api.http.get(f"/api/v2/sla{path}", headers={"Host": host})
        assert answer.status_code in {200, 404}


async def test_a_body_cut_short_is_not_a_fault_of_ours(api: Any) -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"x-api-key", api.http.headers["X-API-Key"].encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/api/v2/sla/policies", "headers": headers, "query_string": b""}
    await api.app(scope, receive, send)
    assert sent[0]["status"] == 400


async def test_an_unexpected_failure_says_nothing_of_the_inside(api: Any) -> None:
    api.app.add_api_route("/broken", broken)
    answer = await api.http.get("/broken")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["code"] == "internal_error"
    assert "hush" not in answer.text


def broken() -> None:
    raise RuntimeError("hush")


async def send(api: Any, path: str, content: bytes) -> Any:
    return await api.http.post(f"/api/v2/sla{path}", content=content, headers={"Content-Type": "application/json"})
