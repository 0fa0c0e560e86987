"""Connectors over REST: set up, tried, and asked for what webhooks lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.hooks.applying import Applier
from tests.api.conftest import Api
from tests.support.outlets import LoopbackSystems
from tests.support.peers.ticket_systems import SUBJECTS, System, ticket_system

SINCE = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)


def text(minutes: float = 0, shape: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    return (SINCE + timedelta(minutes=minutes)).strftime(shape)


def listed(kind: str) -> dict[str, Any]:
    """A ticket that was opened and solved while nobody listened, as the system lists it."""
    start, end = text(10), text(50)
    spaced = "%Y-%m-%d %H:%M:%S"
    every: dict[str, dict[str, Any]] = {
        "github": {
            "id": 4107,
            "number": 7,
            "title": "Printer on fire",
            "state": "closed",
            "state_reason": "completed",
            "labels": [{"name": "urgent"}],
            "user": {"login": "carla", "type": "User"},
            "created_at": start,
            "updated_at": end,
            "closed_at": end,
        },
        "gitlab": {
            "id": 84,
            "iid": 7,
            "title": "Printer on fire",
            "state": "closed",
            "labels": ["urgent"],
            "author": {"id": 1, "username": "carla"},
            "created_at": start,
            "updated_at": end,
            "closed_at": end,
        },
        "zendesk": {
            "id": 7,
            "subject": "x",
            "status": "solved",
            "priority": "urgent",
            "created_at": start,
            "updated_at": end,
        },
        "jira": {
            "id": "10007",
            "key": "KT-7",
            "fields": {
                "summary": "x",
                "status": {"name": "Done", "statusCategory": {"key": "done"}},
                "resolution": {"name": "Done"},
                "priority": {"name": "Urgent"},
                "created": text(10, "%Y-%m-%dT%H:%M:%S.000+0000"),
                "updated": text(50, "%Y-%m-%dT%H:%M:%S.000+0000"),
            },
        },
        "zammad": {
            "id": 7,
            "title": "x",
            "state": "closed",
            "priority": "urgent",
            "created_at": start,
            "updated_at": end,
        },
        "servicenow": {
            "sys_id": {"value": "s7", "display_value": "s7"},
            "number": {"value": "INC7", "display_value": "INC7"},
            "sys_mod_count": {"value": "4", "display_value": "4"},
            "state": {"value": "6", "display_value": "Resolved"},
            "priority": {"value": "1", "display_value": "urgent"},
            "opened_at": {"value": text(10, spaced), "display_value": text(10, spaced)},
            "sys_updated_on": {"value": text(50, spaced), "display_value": text(50, spaced)},
        },
    }
    return every[kind]


@pytest.fixture
def github() -> Iterator[System]:
    with ticket_system("github") as system:
        yield system


def connector(system: System, **changes: Any) -> dict[str, Any]:
    return {"base_url": system.url, "credentials": system.credentials, "projects": ["acme/desk"], **changes}


async def made(api: Api, kind: str, **more: Any) -> Any:
    answer = await api.post("/sources", {"kind": kind, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("kind", SUBJECTS)
async def test_what_webhooks_lost_is_listed_kept_once_and_applied(api: Api, kind: str) -> None:
    await api.policy()
    settings = {"settings": {"priorities": {"urgent": "urgent"}}} if kind in ("github", "gitlab") else {}
    with ticket_system(kind) as system:
        system.changed.append(listed(kind))
        source = await made(api, kind, connector=connector(system), **settings)
        answers = [await api.post(f"/sources/{source['id']}:backfill", {"since": text()}) for _ in range(2)]
    assert [answer.json() for answer in answers] == [
        {"kept": 1, "repeated": 0, "refused": 0, "more": False},
        {"kept": 0, "repeated": 1, "refused": 0, "more": False},
    ]
    assert (await Applier(api.app.state.dependencies).round()).settled == 1
    [body] = (await api.get(f"/sources/{source['id']}/bodies")).json()["data"]
    events = body["outcomes"][0]["events"]
    assert body["state"] == "applied", body
    assert [one["type"] for one in events] == ["opened", "resolved"], body
    assert [one["occurred_at"] for one in events] == [text(10), text(50)]
    assert body["outcomes"][0]["ticket"]["priority"] == "urgent"
    assert any(SUBJECTS[kind] in str(value) for value in body["outcomes"][0]["ticket"].values())


async def test_a_connector_is_tried_and_says_whose_credentials_it_has(api: Api, github: System) -> None:
    source = await made(api, "github", connector=connector(github))
    path = f"/sources/{source['id']}:test"
    assert (await api.post(path)).json() == {"outcome": "taken", "account": "sla-bot", "error": None}
    github.answers += [(401, {}, 0), (502, {}, 0)]
    refused, failed = (await api.post(path)).json(), (await api.post(path)).json()
    assert (refused["outcome"], failed["outcome"]) == ("refused", "failed")
    assert "answered 401" in refused["error"]


async def test_credentials_are_never_shown_and_go_to_no_other_address(api: Api, github: System) -> None:
    source = await made(api, "github", connector=connector(github))
    path = f"/api/v2/sla/sources/{source['id']}"
    assert source["connector"] == {"base_url": github.url, "projects": ["acme/desk"]}
    elsewhere = await api.http.patch(path, json={"connector": {"base_url": "http://127.0.0.1:1"}})
    assert (elsewhere.status_code, elsewhere.json()["field"]) == (422, "connector.credentials")
    changed = await api.http.patch(path, json={"connector": {"projects": ["acme/other"]}})
    assert changed.json()["connector"] == {"base_url": github.url, "projects": ["acme/other"]}
    assert (await api.post(f"/sources/{source['id']}:test")).json()["outcome"] == "taken"
    stored = await api.dependencies.store.sources.get(api.organization, source["id"])
    shown = [(await api.get("/sources")).text, changed.text, elsewhere.text, str(stored)]
    assert not any("t-o-k-e-n" in one for one in shown)


async def test_a_connector_in_a_private_network_is_refused(api: Api, github: System) -> None:
    api.use(systems=LoopbackSystems(allow_private=False))
    answer = await api.post("/sources", {"kind": "github", "connector": connector(github)})
    assert (answer.status_code, answer.json()["code"]) == (422, "address_forbidden")
    assert answer.json()["field"] == "connector.base_url"
    assert github.asked == []


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("helpscout", {"credentials": {"token": "t-o-k-e-n"}}, "connector"),
        ("github", {}, "connector.credentials"),
        ("github", {"credentials": {"user": "ada", "password": "t-o-k-e-n"}}, "connector.credentials"),
        ("github", {"credentials": {"token": "t-o-k-e-n\r\nX-Evil: 1"}}, "connector.credentials.token"),
        ("zendesk", {"credentials": {"token": "t-o-k-e-n"}}, "connector.base_url"),
        ("zendesk", {"base_url": "ftp://x", "credentials": {"token": "t-o-k-e-n"}}, "connector.base_url"),
        ("zendesk", {"base_url": "https://u:t-o-k-e-n@x.example", "credentials": {"token": "t"}}, "connector.base_url"),
        ("github", {"credentials": {"token": "t-o-k-e-n"}, "projects": [""]}, "connector.projects[0]"),
    ],
)
async def test_a_connector_that_makes_no_sense_is_refused_by_its_field(
    api: Api, kind: str, given: Any, field: str
) -> None:
    answer = await api.post("/sources", {"kind": kind, "connector": given})
    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
    assert "t-o-k-e-n" not in answer.text


async def test_a_backfill_that_cannot_be_is_refused_and_one_that_fails_says_so(api: Api, github: System) -> None:
    bare = await made(api, "github")
    without = await made(api, "github", connector=connector(github, projects=[]))
    source = await made(api, "github", connector=connector(github))
    for one, since, field in (
        (bare, text(), "connector"),
        (without, text(), "connector.projects"),
        (source, text(60 * 48), "since"),
    ):
        refused = await api.post(f"/sources/{one['id']}:backfill", {"since": since})
        assert (refused.status_code, refused.json()["field"]) == (422, field), refused.text
    github.answers.append((404, {}, 0))
    failed = await api.post(f"/sources/{source['id']}:backfill", {"since": text()})
    assert (failed.status_code, failed.json()["code"]) == (502, "ticket_system_failed")
    assert "answered 404" in failed.json()["detail"]
