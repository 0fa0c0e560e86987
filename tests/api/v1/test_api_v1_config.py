"""`/api/v1/ims/config`: two switches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CONFIG, TICKETS = "/api/v1/ims/config", "/api/v1/tickets"
OFF = {"slaEnabled": False, "autoEscalate": False}
ON = {"slaEnabled": True, "autoEscalate": True}


async def config(api: Any) -> Any:
    return (await api.http.get(CONFIG)).json()


async def test_both_are_off_until_they_are_switched_on_as_the_seed_shows(api: Any) -> None:
    assert await config(api) == OFF
    answer = await api.http.put(CONFIG, json=ON)
    assert (answer.status_code, answer.json()) == (200, ON)
    assert await config(api) == ON


@pytest.mark.parametrize("name", ["slaEnabled", "autoEscalate"])
async def test_what_is_left_out_stays_as_it_is(api: Any, name: str) -> None:
    assert (await api.http.put(CONFIG, json={name: True})).json() == {**OFF, name: True}
    assert (await api.http.put(CONFIG, json={})).json() == {**OFF, name: True}
    await api.http.put(CONFIG, json=ON)
    assert (await api.http.put(CONFIG, json={name: False})).json() == {**ON, name: False}
    assert await config(api) == {**ON, name: False}


@pytest.mark.parametrize("name", ["slaEnabled", "autoEscalate"])
@pytest.mark.parametrize("value", [None, 1, 0, "true", [], {}], ids=str)
async def test_a_switch_is_true_or_false(api: Any, name: str, value: Any) -> None:
    answer = await api.http.put(CONFIG, json={**ON, name: value})
    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, name, value)
    assert await config(api) == OFF


@pytest.mark.parametrize("name", ["sla_enabled", "slaenabled", "slaEnabledAt"])
async def test_a_setting_that_there_is_not_is_refused(api: Any, name: str) -> None:
    answer = await api.http.put(CONFIG, json={**ON, name: True})
    assert (answer.status_code, answer.json()["field"]) == (422, name)
    assert await config(api) == OFF


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"true"], ids=bytes.decode)
async def test_the_settings_are_an_object(api: Any, body: bytes) -> None:
    answer = await api.http.put(CONFIG, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert await config(api) == OFF


async def test_the_settings_of_one_organization_are_not_those_of_another(api: Any, make_api: Any) -> None:
    other = await make_api()
    await api.http.put(CONFIG, json=ON)
    assert await config(other) == OFF


async def test_without_the_store_nothing_is_switched_and_the_answer_says_to_try_again(api: Any, tmp_path: Path) -> None:
    await api.lose_store(tmp_path)
    for answer in (await api.http.get(CONFIG), await api.http.put(CONFIG, json=ON)):
        assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    api.find_everything()
    assert await config(api) == OFF


async def test_when_open_tickets_cannot_be_measured_the_switch_stands_and_the_same_request_completes_it(
    api: Any,
) -> None:
    promise = {"name": "Low", "priority": "LOW", "responseTimeMinutes": 5, "resolveTimeMinutes": 10}
    assert (await api.http.post("/api/v1/sla-policies", json=promise)).status_code == 201
    ticket = (await api.http.post(TICKETS, json={"title": "Slow", "priority": "LOW", "status": "OPEN"})).json()
    assert ticket["slaResponseDueAt"] is None
    await api.lose_temporal()
    answer = await api.http.put(CONFIG, json=ON)
    assert (answer.status_code, answer.json()["code"]) == (503, "temporal_unavailable")
    assert await config(api) == ON
    api.find_everything()
    assert (await api.http.put(CONFIG, json={"autoEscalate": True})).status_code == 200
    assert len(await api.dependencies.store.tickets.unmeasured(api.organization, 10)) == 1
    assert (await api.http.put(CONFIG, json=ON)).status_code == 200
    assert await api.dependencies.store.tickets.unmeasured(api.organization, 10) == []
    assert (await api.http.get(f"{TICKETS}/{ticket['id']}")).json()["slaResponseDueAt"] is not None
