"""Comments that no webhook brought are listed with their tickets, and count once whoever tells them."""

from __future__ import annotations

from typing import Any

import pytest

from domain.instants import from_datetime
from service.hooks.applying import Applier
from sources.connectors import Answer, Connection, FoundBody, changes
from sources.hooks.vendors import vendor
from tests.api.conftest import Api
from tests.api.sources.test_connectors_are_set_up import SINCE, connector, listed, made, text
from tests.support.peers.ticket_systems import PAGE, SUBJECTS, System, answered, ticket_system


def reply(kind: str, number: int, minutes: float, *, agent: bool, public: bool = True) -> dict[str, Any]:
    """A comment as the system lists it."""
    name, at = "ada" if agent else "carla", text(minutes)
    every: dict[str, dict[str, Any]] = {
        "github": {
            "id": number,
            "body": "On our way.",
            "user": {"login": name, "type": "User"},
            "author_association": "MEMBER" if agent else "NONE",
            "created_at": at,
            "updated_at": at,
            "html_url": "https://github.com/acme/desk/issues/7#issuecomment-1",
            "issue_url": "https://api.github.com/repos/acme/desk/issues/7",
        },
        "gitlab": {
            "id": number,
            "body": "On our way.",
            "author": {"id": 2 if agent else 1, "username": name},
            "system": False,
            "internal": not public,
            "created_at": at,
            "updated_at": at,
        },
        "zendesk": {
            "id": number,
            "body": "On our way.",
            "author_id": 1 if agent else 2,
            "public": public,
            "created_at": at,
        },
        "jira": {
            "id": str(number),
            "body": "On our way.",
            "author": {"accountId": name, "displayName": name, "accountType": "atlassian" if agent else "customer"},
            "jsdPublic": public,
            "created": text(minutes, "%Y-%m-%dT%H:%M:%S.000+0000"),
            "updated": text(minutes, "%Y-%m-%dT%H:%M:%S.000+0000"),
        },
        "zammad": {
            "id": number,
            "ticket_id": 7,
            "body": "On our way.",
            "sender": "Agent" if agent else "Customer",
            "internal": not public,
            "created_at": at,
            "updated_at": at,
        },
        "servicenow": {
            "sys_id": f"j{number}",
            "value": "On our way.",
            "sys_created_by": name,
            "sys_created_on": text(minutes, "%Y-%m-%d %H:%M:%S"),
        },
    }
    return every[kind]


def as_told(kind: str, number: int, minutes: float) -> tuple[dict[str, str], dict[str, Any]]:
    """The same comment of an agent as the system's own webhook brings it: headers and body."""
    one, at = reply(kind, number, minutes, agent=True), text(minutes)
    ticket = listed(kind)
    if kind == "github":
        body = {"action": "created", "comment": one, "issue": ticket, "repository": {"full_name": "acme/desk"}}
        return {"X-GitHub-Event": "issue_comment"}, {**body, "sender": one["user"]}
    if kind == "gitlab":
        note = {"action": "create", "noteable_type": "Issue", "id": number, "note": one["body"], "author_id": 2}
        spaced = {"created_at": text(minutes, "%Y-%m-%d %H:%M:%S UTC"), "updated_at": text(minutes)}
        issue = {"iid": 7, "title": "x", "created_at": ticket["created_at"], "labels": [], "author_id": 1}
        told = {"object_kind": "note", "project": {"path_with_namespace": "acme/desk"}, "user": one["author"]}
        return {"X-Gitlab-Event": "Note Hook"}, {**told, "issue": issue, "object_attributes": {**note, **spaced}}
    if kind == "zendesk":
        author = {"id": "1", "name": "Ada", "is_staff": True}
        comment = {"id": str(number), "body": one["body"], "is_public": True, "author": author}
        return {}, {
            "type": "zen:event-type:ticket.comment_added",
            "id": "evt",
            "time": at,
            "detail": ticket,
            "event": {"comment": comment},
        }
    if kind == "jira":
        return {}, {"webhookEvent": "comment_created", "comment": one, "issue": ticket}
    if kind == "zammad":
        return {}, {"ticket": {**ticket, "updated_at": at}, "article": one}
    update = {"sys_updated_on": text(minutes, "%Y-%m-%d %H:%M:%S"), "sys_mod_count": "3", "sys_updated_by": "ada"}
    return {}, {**listed(kind), **update, "comment": "2026 - Ada (Additional comments)\nOn our way.\n"}


@pytest.mark.parametrize("kind", SUBJECTS)
async def test_a_reply_that_was_lost_is_found_and_is_the_one_that_the_webhook_tells(api: Api, kind: str) -> None:
    await api.policy()
    settings = {"settings": {"agents": ["ada"]}} if kind == "gitlab" else {}
    with ticket_system(kind) as system:
        system.changed.append({**listed(kind), "caller_id.user_name": {"value": "carla", "display_value": "carla"}})
        system.replies += [reply(kind, 901, -90, agent=True), reply(kind, 902, 20, agent=False)]
        system.replies.append(reply(kind, 903, 30, agent=True))
        if kind in ("github", "servicenow"):
            # These are asked for what is new alone.
            system.replies.pop(0)
        source = await made(api, kind, connector=connector(system), **settings)
        answers = [(await api.post(f"/sources/{source['id']}:backfill", {"since": text()})).json() for _ in range(2)]
    assert answers == [
        {"kept": 3, "repeated": 0, "refused": 0, "more": False},
        {"kept": 0, "repeated": 3, "refused": 0, "more": False},
    ]
    assert (await Applier(api.app.state.dependencies).round()).settled == 3
    bodies = (await api.get(f"/sources/{source['id']}/bodies")).json()["data"]
    found = {one["type"]: one for body in bodies for outcome in body["outcomes"] for one in outcome["events"]}
    assert {"opened", "customer_replied", "agent_replied"} <= found.keys(), bodies
    assert found["agent_replied"]["occurred_at"] == text(30)
    headers, told = as_told(kind, 903, 30)
    tried = await api.post(f"/sources/{source['id']}:try", {"headers": headers, "body": told})
    events = [one for outcome in tried.json()["outcomes"] for one in outcome["events"]]
    again = [one for one in events if one["type"] == "agent_replied"]
    assert [one["event_id"] for one in again] == [found["agent_replied"]["event_id"]], tried.text


@pytest.mark.parametrize("kind", SUBJECTS)
def test_all_pages_of_a_tickets_comments_are_read(kind: str) -> None:
    system = System(kind, changed=[listed(kind)])
    system.replies = [reply(kind, 1000 + number, 20, agent=True) for number in range(2 * PAGE + 5)]
    part = vendor(kind).connector
    assert part is not None
    listing = changes(Connection(part, {}, projects=("acme/desk",)), from_datetime(SINCE))
    found, ids = next(listing), []
    while True:
        try:
            if isinstance(found, FoundBody):
                ids.append(found.id)
                found = next(listing)
            else:
                found = listing.send(Answer(answered(system, found.method, found.path, found.query)))
        except StopIteration:
            break
    assert len(set(ids)) == len(ids) == 1 + len(system.replies)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ((404, {}, 0), {"kept": 1, "repeated": 0, "refused": 1, "more": False}),
        ((429, {"Retry-After": "0"}, 0), {"kept": 2, "repeated": 0, "refused": 0, "more": False}),
        ((429, {"Retry-After": "3600"}, 0), 502),
        ((503, {}, 0), 502),
        ((200, {}, 1.5), 502),
    ],
    ids=["404", "429 and soon", "429 and late", "503", "a timeout"],
)
async def test_a_list_of_comments_that_is_not_answered_loses_none_of_what_was_listed(
    api: Api, monkeypatch: pytest.MonkeyPatch, answer: tuple[int, dict[str, str], float], found: Any
) -> None:
    monkeypatch.setattr("ticket_systems.ANSWER_SECONDS", 1.0 if answer[2] else 10.0)
    with ticket_system("zendesk") as system:
        system.changed.append(listed("zendesk"))
        system.replies.append(reply("zendesk", 903, 30, agent=True))
        source = await made(api, "zendesk", connector=connector(system))
        path = f"/sources/{source['id']}:backfill"
        system.answers += [(0, {}, 0.0), answer]
        first = await api.post(path, {"since": text()})
        second = await api.post(path, {"since": text()})
    assert (first.json() if first.status_code == 200 else first.status_code) == found
    kept = first.json()["kept"] if first.status_code == 200 else 1
    assert second.json() == {"kept": 2 - kept, "repeated": kept, "refused": 0, "more": False}


async def test_credentials_that_are_refused_list_nothing(api: Api) -> None:
    with ticket_system("zendesk") as system:
        source = await made(api, "zendesk", connector=connector(system))
        system.answers.append((401, {}, 0))
        failed = await api.post(f"/sources/{source['id']}:backfill", {"since": text()})
    assert (failed.status_code, failed.json()["code"]) == (502, "ticket_system_failed")
    assert "answered 401" in failed.json()["detail"]
