"""Every shipped connector against a system on loopback that answers as its vendor's published API was understood."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from channels.outgoing.guard import Guard
from domain.errors import NoticeFailed, NoticeRefused
from domain.instants import parse
from service.hooks.connecting import connection_of, target_of
from service.hooks.credentials import sealed
from service.hooks.writing import drive, try_connector
from sources.connectors import Order, Unwritable, carry_out
from sources.hooks import vendor
from sources.hooks.echoes import marker_of
from store.sources.sources import SourceDocument
from tests.support.outlets import CIPHER
from tests.support.peers.outside import reaching
from tests.support.peers.ticket_systems import SUBJECTS, System, ticket_system
from ticket_systems import HttpSystems

KINDS = tuple(SUBJECTS)
SETTINGS: Mapping[str, dict[str, Any]] = {
    "github": {"teams": {"team-first": "frontline", "team-net": "network"}, "priorities": {"old": "low", "p1": "high"}},
    "gitlab": {"teams": {"team-first": "frontline", "team-net": "network"}, "priorities": {"old": "low", "p1": "high"}},
    "zendesk": {"teams": {"360": "network"}},
    "jira": {"teams": {"first": "frontline", "net": "network"}},
    "zammad": {"teams": {"Network": "network"}},
    "servicenow": {"teams": {"g-net": "network"}},
}
# What the system holds after the order.
LEFT: Mapping[tuple[str, str], Any] = {
    ("github", "reassign"): ("tags", ["old", "team-net"]),
    ("gitlab", "reassign"): ("tags", ["old", "team-net"]),
    ("zendesk", "reassign"): ("group_id", "360"),
    ("jira", "reassign"): ("components", [{"name": "web"}, {"name": "net"}]),
    ("zammad", "reassign"): ("group", "Network"),
    ("servicenow", "reassign"): ("assignment_group", "g-net"),
    ("github", "set_priority"): ("tags", ["team-first", "p1"]),
    ("gitlab", "set_priority"): ("tags", ["team-first", "p1"]),
    ("zendesk", "set_priority"): ("priority", "high"),
    ("jira", "set_priority"): ("priority", {"name": "High"}),
    ("zammad", "set_priority"): ("priority", "3 high"),
    ("servicenow", "set_priority"): ("priority", "2"),
    ("github", "set_status"): ("state", "closed"),
    ("gitlab", "set_status"): ("state", "closed"),
    ("zendesk", "set_status"): ("status", "solved"),
    ("jira", "set_status"): ("status", {"name": "Done"}),
    ("zammad", "set_status"): ("state", "closed"),
    ("servicenow", "set_status"): ("state", "6"),
    **{(kind, "add_tag"): ("tags", ["old", "team-first", "late"]) for kind in KINDS},
}
VALUES = {"reassign": "network", "set_priority": "high", "set_status": "solved", "add_tag": "late", "comment": "Hurry."}
KEY = "default/inst_sla_ticket_7/resolution/1/escalation:esc_1/1/0"


@pytest.fixture
async def systems() -> AsyncIterator[HttpSystems]:
    async with reaching() as outside:
        yield HttpSystems(outside)


def source_of_system(system: System, **changes: Any) -> SourceDocument:
    given = {"base_url": system.url, "credentials": system.credentials, "projects": ["acme/desk"], **changes}
    kept = sealed(given, None, vendor(system.kind), CIPHER)
    return SourceDocument(system.kind, system.kind, (), settings=SETTINGS[system.kind], connector=kept)


async def write(
    systems: HttpSystems, system: System, action: str, value: str | None = None, *, again: bool = False, **changes: Any
) -> str:
    document = source_of_system(system, **changes)
    order = Order(action, value or VALUES[action], KEY)
    begun_at = parse("2026-03-02T12:00:00Z") if again else None
    asked = carry_out(connection_of(document), order, system.subject, begun_at)
    return await drive(asked, target_of(document, CIPHER), systems)


@pytest.mark.parametrize(("kind", "action"), LEFT)
async def test_an_order_leaves_the_ticket_as_it_says_and_again_changes_nothing(
    systems: HttpSystems, kind: str, action: str
) -> None:
    name, wanted = LEFT[kind, action]
    with ticket_system(kind) as system:
        for again in (False, True):
            await write(systems, system, action, again=again)
            left = system.tags if name == "tags" else system.ticket[name]
            assert left == wanted, system.asked


@pytest.mark.parametrize("kind", KINDS)
async def test_a_comment_bears_its_mark_and_is_looked_for_before_it_is_tried_again(
    systems: HttpSystems, kind: str
) -> None:
    with ticket_system(kind) as system:
        await write(systems, system, "comment")
        [comment] = system.comments
        assert comment["body"].startswith("Hurry."), comment
        assert marker_of(KEY) in comment["body"]
        assert await write(systems, system, "comment", again=True) == "it was written before"
        assert system.comments == [comment]
        system.comments.clear()
        await write(systems, system, "comment", again=True)
        assert len(system.comments) == 1


INTERNAL = {"gitlab": ("internal", True), "zendesk": ("public", False), "zammad": ("internal", True)}


@pytest.mark.parametrize("kind", INTERNAL)
async def test_a_comment_is_a_note_that_the_customer_does_not_read_where_there_are_such(
    systems: HttpSystems, kind: str
) -> None:
    name, value = INTERNAL[kind]
    with ticket_system(kind) as system:
        await write(systems, system, "comment")
        assert system.comments[0][name] is value


REFUSED = [(401, "answered 401"), (403, "answered 403"), (404, "answered 404"), (422, "answered 422"), (302, "302")]
LATER = [(429, 17.0), (500, None), (502, None), (503, 17.0), (409, None), (408, None)]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_will_never_be_taken_is_refused_with_the_reason(systems: HttpSystems, kind: str) -> None:
    for status, reason in REFUSED:
        with ticket_system(kind) as system:
            system.answers.append((status, {"location": "http://127.0.0.1:1/"}, 0))
            with pytest.raises(NoticeRefused, match=reason) as refused:
                await write(systems, system, "add_tag")
            assert "t-o-k-e-n" not in str(refused.value)
            assert len(system.asked) == 1, "no redirect is followed"


@pytest.mark.parametrize("kind", KINDS)
async def test_what_may_be_taken_later_fails_with_the_time_to_come_again(systems: HttpSystems, kind: str) -> None:
    for status, wait in LATER:
        with ticket_system(kind) as system:
            system.answers.append((status, {} if wait is None else {"retry-after": str(int(wait))}, 0))
            with pytest.raises(NoticeFailed, match=str(status)) as failed:
                await write(systems, system, "add_tag")
            assert failed.value.retry_after == wait


async def test_too_many_requests_are_told_by_github_as_forbidden(systems: HttpSystems) -> None:
    with ticket_system("github") as system:
        system.answers.append((403, {"retry-after": "60"}, 0))
        with pytest.raises(NoticeFailed) as failed:
            await write(systems, system, "add_tag")
        assert failed.value.retry_after == 60


async def test_a_system_that_hangs_or_is_not_there_is_tried_later(
    systems: HttpSystems, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ticket_systems.ANSWER_SECONDS", 0.05)
    with ticket_system("zammad") as system:
        system.answers.append((200, {}, 0.3))
        with pytest.raises(NoticeFailed, match="took longer"):
            await write(systems, system, "add_tag")
    with pytest.raises(NoticeFailed, match="ConnectError"):
        await write(systems, system, "add_tag")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_connector_that_is_tried_says_whose_credentials_it_has(systems: HttpSystems, kind: str) -> None:
    with ticket_system(kind) as system:
        tried = await try_connector(source_of_system(system), CIPHER, systems)
        assert tried.outcome == "taken", tried
        assert "sla" in (tried.account or "").lower()
        assert system.writes == []
        wrong = source_of_system(system, credentials=dict.fromkeys(system.credentials, "wrong"))
        assert (await try_connector(wrong, CIPHER, systems)).outcome == "refused"


async def test_a_private_address_is_refused_when_it_connects() -> None:
    async with reaching(guard=Guard()) as outside:
        with ticket_system("github") as system, pytest.raises(NoticeRefused, match="must be on the public internet"):
            await write(HttpSystems(outside), system, "add_tag")
        assert system.asked == []


@pytest.mark.parametrize(
    ("kind", "action", "value", "reason"),
    [
        ("github", "reassign", "nobody", "settings.teams says which word stands for it"),
        ("github", "set_priority", "blocker", "must be one of low, high"),
        ("gitlab", "set_status", "pending", "must be one of"),
        ("jira", "set_status", "In Review", "no transition leads to"),
        ("jira", "set_priority", "Blocker", "not the name of a priority"),
        ("zendesk", "set_priority", "blocker", "must be one of low, normal"),
    ],
)
async def test_what_the_system_has_no_word_for_is_refused_before_anything_is_written(
    systems: HttpSystems, kind: str, action: str, value: str, reason: str
) -> None:
    with ticket_system(kind) as system:
        with pytest.raises(Unwritable, match=reason):
            await write(systems, system, action, value)
        assert system.writes == []


@pytest.mark.parametrize("kind", ["github", "servicenow"])
@pytest.mark.parametrize(
    "subject", ["../../orgs/evil#7", "acme/..#7", "acme/desk#../8", "x^ORnumber=INC1", "acme/desk"]
)
async def test_an_id_leads_to_its_own_ticket_only(systems: HttpSystems, kind: str, subject: str) -> None:
    with ticket_system(kind) as system:
        system.subject = subject
        with pytest.raises((Unwritable, NoticeRefused)):
            await write(systems, system, "add_tag")
        assert system.tags == ["old", "team-first"]
        assert not any(".." in one.path.split("/") for one in system.asked)


async def test_a_ticket_of_another_system_is_not_written_to(systems: HttpSystems) -> None:
    with ticket_system("zammad") as system:
        document = replace(source_of_system(system), prefix="east-")
        with pytest.raises(Unwritable, match="no ticket of this source"):
            await drive(
                carry_out(connection_of(document), Order("add_tag", "late", KEY), "7"),
                target_of(document, CIPHER),
                systems,
            )
