"""What goes wrong with webhooks, told as stories: each vendor's own trap, and the rules that all of them share."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from domain.instants import DAY, MINUTE, SECOND, Instant, parse, render
from domain.ticket.authors import Role
from domain.ticket.events import EventKind
from sources.hooks import Delivery, Outcome, Remembered, Source, vendor
from tests.sources.hooks.mappings import NOW, a_source, tell, told

Known = dict[str, Remembered]


def body(at: str = "10:00", **parts: Any) -> dict[str, Any]:
    return {"ticket": "7", "id": f"{at}-{parts.get('event')}", "at": f"2026-03-02T{at}:00.000Z", **parts}


def heard(name: str, known: Known, document: Any, headers: dict[str, str] | None = None, **settings: Any) -> list[str]:
    """Everything that a delivery of a shipped vendor tells."""
    delivery = Delivery(json.dumps(document).encode(), parse("2026-11-01T00:00:00Z"), headers or {})
    outcomes = Source(vendor(name), settings).preview(delivery, known)
    for one in outcomes:
        assert one.outcome is not Outcome.SET_ASIDE, (one.field, one.value, one.reason)
        if one.remembered is not None and one.ticket is not None:
            known[one.ticket.subject] = one.remembered
    return [text for one in outcomes for text in told(one)]


# What every vendor has in common.


def test_a_ticket_that_is_created_already_solved_is_opened_and_resolved() -> None:
    source = a_source(events={"created": [{"tell": "opened"}, {"tell": "state"}]})
    assert told(tell(source, {}, body(event="created", status="done"))) == ["opened", "resolved"]


def test_solved_and_closed_days_later_is_one_resolution() -> None:
    source = a_source(state={"from": "body.status", "table": {"open": "open", "done": "solved", "gone": "closed"}})
    known: Known = {}
    assert told(tell(source, known, body("09:00", event="status", status="open"))) == ["opened"]
    assert told(tell(source, known, body("10:00", event="status", status="done"))) == ["resolved"]
    assert told(tell(source, known, body("11:00", event="status", status="gone"))) == []
    assert told(tell(source, known, body("12:00", event="status", status="open"))) == ["reopened"]


def test_from_one_wait_to_another_the_first_cause_ends_and_the_second_begins() -> None:
    source = a_source(state={"from": "body.status", "table": {"open": "open", "vendor": "pending", "user": "pending"}})
    known: Known = {}
    tell(source, known, body("09:00", event="status", status="vendor"))
    assert told(tell(source, known, body("10:00", event="status", status="user"))) == ["resumed vendor", "paused user"]
    assert told(tell(source, known, body("11:00", event="status", status="user"))) == []
    assert told(tell(source, known, body("12:00", event="status", status="open"))) == ["resumed user"]


def test_somebody_who_takes_it_acknowledges_it_once() -> None:
    source = a_source(
        state={"from": "body.status", "table": {"new": "new", "active": "in_progress", "wait": "pending"}}
    )
    known: Known = {}
    statuses = ["new", "active", "active", "wait", "active"]
    times = ["08:00", "09:00", "10:00", "11:00", "12:00"]
    bodies = [body(at, event="status", status=status) for at, status in zip(times, statuses, strict=True)]
    assert [told(tell(source, known, one)) for one in bodies] == [
        ["opened"],
        ["acknowledged"],
        [],
        ["paused wait"],
        ["resumed wait"],
    ]


def test_a_message_that_opened_its_ticket_is_no_reply() -> None:
    source = a_source(
        opening_message_seconds=2,
        ticket={"id": "body.ticket", "opened_at": "body.opened"},
    )
    known: Known = {}
    first = body("10:00", event="message", by="customer", opened="2026-03-02T10:00:01.500Z")
    assert told(tell(source, known, first)) == ["opened"]
    later = {**first, "id": "2", "at": "2026-03-02T10:00:04Z"}
    assert told(tell(source, known, later)) == ["customer_replied"]


def test_bots_internal_notes_and_automatic_replies_answer_nothing() -> None:
    rule = {"tell": "reply", "public": "body.public", "automatic": "body.auto"}
    source, known = a_source(events={"message": rule}), {"7": Remembered()}
    for by, public, auto, reason in [
        ("system", True, False, "a message of a system is no reply"),
        ("agent", False, False, "an internal note is no reply"),
        ("agent", "false", False, "an internal note is no reply"),
        ("agent", True, True, "an automatic reply is no reply"),
    ]:
        outcome = tell(source, dict(known), body(event="message", by=by, public=public, auto=auto))
        assert (outcome.outcome, outcome.events, outcome.reason) == (Outcome.IGNORED, (), reason)
    assert told(tell(source, known, body(event="message", by="agent", public="true", auto="false"))) == [
        "agent_replied"
    ]


def test_a_bots_reply_is_told_as_a_bots_so_that_a_policy_may_count_it() -> None:
    source, known = a_source(events={"message": "reply"}), {"7": Remembered()}
    [event] = tell(source, known, body(event="message", by="bot")).events
    taken = event.event(NOW, "desk")
    assert (taken.kind, taken.role, taken.is_told_by_usual_author) == (EventKind.AGENT_REPLIED, Role.BOT, False)


def test_a_message_of_nobody_knows_whom_is_set_aside_and_not_guessed() -> None:
    outcome = tell(a_source(), {"7": Remembered()}, body(event="message"))
    assert (outcome.outcome, outcome.field) == (Outcome.SET_ASIDE, "actor.role")


def test_what_comes_again_at_once_is_a_repeat_where_a_vendor_sends_neither_id_nor_time() -> None:
    """Freshdesk sends two pauses a week apart in the same bytes; a repeat follows what it repeats."""
    source, known = a_source(id=None, time=None), {"7": Remembered()}
    waiting, open_ = (
        {"ticket": "7", "event": "status", "status": "waiting"},
        {"ticket": "7", "event": "status", "status": "open"},
    )
    first = tell(source, known, waiting, NOW)
    again = tell(source, known, waiting, Instant(NOW + MINUTE))
    assert [event.event_id for event in again.events] == [event.event_id for event in first.events]
    tell(source, known, open_, Instant(NOW + 2 * MINUTE))
    anew = tell(source, known, waiting, Instant(NOW + 3 * MINUTE))
    assert told(anew) == ["paused waiting"]
    assert anew.events[0].event_id != first.events[0].event_id


def test_a_ticket_that_was_never_heard_of_is_opened_by_what_is_told_of_it_at_the_time_it_was_created() -> None:
    ticket = {"id": "body.ticket", "opened_at": "body.opened"}
    message = body("11:00", event="message", by="agent", opened="2026-03-02T09:00:00Z")
    outcome = tell(a_source(ticket=ticket), {}, message)
    assert told(outcome) == ["opened", "agent_replied"]
    assert render(outcome.events[0].occurred_at) == "2026-03-02T09:00:00Z"
    strict = tell(a_source(ticket=ticket, adopt=False), {}, message)
    assert (strict.outcome, strict.remembered) == (Outcome.IGNORED, None)


def test_opening_a_ticket_has_one_id_whoever_tells_it_first() -> None:
    source = a_source(events={"created": "opened", "message": "reply"})
    known: Known = {}
    first = tell(source, known, body("10:00", event="message", by="customer", id="m1"))
    second = tell(source, known, body("09:59", event="created", id="c1"))
    assert first.events[0].event_id == second.events[0].event_id == "desk:7:opened"


def test_tickets_of_two_systems_of_one_kind_are_told_apart_by_a_prefix() -> None:
    delivery = Delivery(json.dumps(body(event="created")).encode(), NOW)
    mapping = a_source().mapping
    north, south = (Source(mapping, prefix=prefix).preview(delivery)[0] for prefix in ("north-", ""))
    assert [one.ticket.subject for one in (north, south) if one.ticket] == ["north-7", "7"]
    assert north.events[0].event_id == "desk:north-7:opened"
    long = Source(mapping, prefix="x" * 200).preview(delivery)[0]
    assert (long.outcome, long.field) == (Outcome.SET_ASIDE, "ticket.id")


def test_a_wait_that_is_over_already_has_no_end_to_come() -> None:
    part = {"from": "body.status", "table": {"waiting": "pending"}, "until": "body.until"}
    source = a_source(state=part)
    over = tell(source, {}, body("10:00", event="status", status="waiting", until="2026-03-02T09:00:00Z"))
    ahead = tell(source, {}, body("10:00", event="status", status="waiting", until="2026-03-02T17:00:00Z"))
    assert over.events[-1].until is None
    assert ahead.events[-1].until == parse("2026-03-02T17:00:00Z")


def test_what_cannot_be_mapped_names_its_place_and_value_and_what_would_do() -> None:
    part = {"from": "body.status", "table": {"open": "open"}, "others": "refuse"}
    outcome = tell(a_source(state=part), {}, body(event="status", status="Frozen"))
    assert (outcome.outcome, outcome.field, outcome.value) == (Outcome.SET_ASIDE, "state", "Frozen")
    assert outcome.reason.startswith("must be one of open")
    assert outcome.remembered is None
    late = tell(a_source(), {}, {**body(event="created"), "at": "2027-01-01T00:00:00Z"})
    assert (late.field, late.value) == ("time", "2027-01-01T00:00:00Z")


def test_an_unknown_event_is_ignored_by_its_name() -> None:
    outcome = tell(a_source(), {}, body(event="sneezed"))
    assert (outcome.outcome, outcome.event, outcome.reason) == (Outcome.IGNORED, "sneezed", "unknown event sneezed")


def test_a_change_tells_what_is_other_than_before_and_the_team_by_an_event_of_its_own() -> None:
    ticket = {
        "id": "body.ticket",
        "priority": "body.priority",
        "team_id": "body.team",
        "fields": {"subject": "body.subject"},
    }
    source = a_source(ticket=ticket)
    known: Known = {}
    tell(source, known, body("09:00", event="created", priority="low", team="a", subject="x"))
    outcome = tell(source, known, body("10:00", event="edited", priority="high", team="b", subject="x"))
    assert told(outcome) == ["assigned", "updated"]
    assert outcome.events[0].team_id == "b"
    assert outcome.events[1].attributes == {"priority": "high"}
    assert told(tell(source, known, body("11:00", event="edited", priority="high", team="b", subject="x"))) == []


def test_fields_are_cut_to_what_a_database_and_an_event_hold() -> None:
    outcome = tell(a_source(), {}, body(event="created", subject="\0a\ud800" + "x" * 5000))
    assert outcome.ticket is not None
    assert len(outcome.ticket.fields["subject"]) == 1000
    assert outcome.ticket.fields["subject"].startswith("a?x")


def test_many_long_fields_together_are_no_larger_than_an_event_may_carry() -> None:
    fields = dict.fromkeys("abcdefgh", "body.long") | {"labels": "body.many"}
    source = a_source(ticket={"id": "body.ticket", "fields": fields})
    known: Known = {"7": Remembered()}
    outcome = tell(source, known, body(event="edited", long="\u20ac" * 5000, many=["\u20ac" * 500] * 500))
    assert len(json.dumps(dict(outcome.events[0].attributes))) <= 16 * 1024
    assert outcome.events[0].attributes["a"].startswith("\u20ac")


def test_a_priority_or_a_team_is_never_cut_into_another_one() -> None:
    source = a_source(ticket={"id": "body.ticket", "priority": "body.priority", "team_id": "body.team"})
    for name, longest, field in (("priority", 100, "ticket.priority"), ("team", 200, "ticket.team_id")):
        assert tell(source, {}, body(event="created", **{name: "x" * longest})).outcome is Outcome.UNDERSTOOD
        assert tell(source, {}, body(event="created", **{name: "x" * (longest + 1)})).field == field


def test_ids_that_are_too_long_are_digests_and_still_the_same_each_time() -> None:
    long = body(event="status", status="waiting", id="x" * 199)
    ids = [tell(a_source(), {}, long).events[-1].event_id for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(ids[0]) <= 200


# Vendors.


def zendesk(type_: str, status: str, at: str, **event: Any) -> dict[str, Any]:
    detail = {
        "id": "5158",
        "created_at": "2025-01-08T10:00:00Z",
        "status": status,
        "priority": None,
        "group_id": "9",
        "actor_id": "1",
        "via": {"channel": "web"},
    }
    return {
        "type": f"zen:event-type:ticket.{type_}",
        "id": f"{type_}-{at}",
        "time": f"2025-01-08T{at}.123456789Z",
        "detail": detail,
        "event": event,
    }


def test_zendesk_tells_statuses_in_words_or_numbers_and_each_wait_by_its_name() -> None:
    known: Known = {}
    assert heard("zendesk", known, zendesk("created", "NEW", "10:00:00")) == ["opened"]
    assert heard(
        "zendesk", known, zendesk("status_changed", "PENDING", "11:00:00", current="PENDING", previous="OPEN")
    ) == ["paused pending"]
    assert heard("zendesk", known, zendesk("status_changed", "HOLD", "12:00:00", current=6, previous=2)) == [
        "resumed pending",
        "paused hold",
    ]
    assert heard("zendesk", known, zendesk("status_changed", "SOLVED", "13:00:00", current="3", previous="6")) == [
        "resumed hold",
        "resolved",
    ]
    assert (
        heard("zendesk", known, zendesk("status_changed", "CLOSED", "14:00:00", current="CLOSED", previous="SOLVED"))
        == []
    )
    assert heard(
        "zendesk", known, zendesk("status_changed", "OPEN", "15:00:00", current="OPEN", previous="SOLVED")
    ) == ["reopened"]
    assert heard("zendesk", known, zendesk("merged", "CLOSED", "16:00:00")) == ["cancelled"]


def test_zendesk_counts_staff_only_and_no_answer_bot() -> None:
    known: Known = {"5158": Remembered()}

    def comment(author: dict[str, Any], public: bool = True, channel: str = "web") -> list[str]:
        document = zendesk(
            "comment_added", "OPEN", "12:00:00", comment={"id": "1", "is_public": public, "author": author}
        )
        document["detail"]["via"]["channel"] = channel
        return heard("zendesk", dict(known), document)

    assert comment({"id": "2", "is_staff": True}) == ["agent_replied"]
    assert comment({"id": "2", "is_staff": True}, public=False) == []
    assert comment({"id": "3", "is_staff": False}) == ["customer_replied"]
    assert comment({"id": "zd:answerBot", "is_staff": True}) == ["agent_replied by bot"]
    assert comment({"id": "4", "is_staff": True}, channel="answer_bot") == ["agent_replied by bot"]
    assert comment({"id": "-1", "is_staff": True}) == []


def test_zendesk_hands_a_ticket_to_the_team_that_its_group_is() -> None:
    document = zendesk("group_assignment_changed", "OPEN", "12:00:00", current="9", previous="8")
    outcomes = Source(vendor("zendesk"), {"teams": {"9": "network"}}).preview(
        Delivery(json.dumps(document).encode(), NOW), {"5158": Remembered()}
    )
    assert [event.team_id for one in outcomes for event in one.events] == ["network"]


def github(event: str, action: str, at: str, **parts: Any) -> tuple[dict[str, Any], dict[str, str]]:
    issue = {
        "id": 1,
        "number": 7,
        "title": "x",
        "created_at": "2026-03-02T09:00:00Z",
        "updated_at": f"2026-03-02T{at}:00Z",
        "labels": [],
        "user": {"login": "c"},
    }
    issue |= parts.pop("issue", {})
    document = {
        "action": action,
        "issue": issue,
        "repository": {"full_name": "o/r"},
        "sender": {"login": "a", "type": "User"},
        **parts,
    }
    return document, {"X-GitHub-Event": event, "X-GitHub-Delivery": f"{action}{at}"}


def test_github_labels_pause_and_a_closing_that_was_not_planned_cancels() -> None:
    known: Known = {}
    waiting = {"label": {"name": "Waiting"}, "issue": {"labels": [{"name": "Waiting"}]}}
    pausing: dict[str, Any] = {"pause_labels": ["waiting"], "priorities": {"p1": "urgent"}}
    assert heard("github", known, *github("issues", "opened", "09:00"), **pausing) == ["opened"]
    assert heard("github", known, *github("issues", "labeled", "10:00", **waiting), **pausing) == [
        "paused Waiting",
        "updated",
    ]
    assert heard("github", known, *github("issues", "unlabeled", "11:00", label={"name": "Waiting"}), **pausing) == [
        "resumed Waiting",
        "updated",
    ]
    closed = {"closed_at": "2026-03-02T12:00:00Z", "state_reason": "not_planned"}
    assert heard("github", known, *github("issues", "closed", "12:00", issue=closed)) == ["cancelled"]
    assert heard("github", known, *github("issues", "reopened", "13:00")) == ["reopened"]


@pytest.mark.parametrize(
    ("comment", "issue", "expected"),
    [
        ({"author_association": "MEMBER"}, {}, ["agent_replied"]),
        ({"author_association": "NONE"}, {}, ["customer_replied"]),
        ({"author_association": "NONE", "login": "ada"}, {}, ["agent_replied"]),
        ({"author_association": "MEMBER", "type": "Bot"}, {}, ["agent_replied by bot"]),
        ({"author_association": "MEMBER"}, {"pull_request": {"url": "x"}}, []),
    ],
)
def test_github_answers_are_those_of_members_on_issues(
    comment: dict[str, Any], issue: dict[str, Any], expected: list[str]
) -> None:
    user = {"login": comment.get("login", "b"), "type": comment.get("type", "User")}
    parts = {
        "id": 5,
        "created_at": "2026-03-02T10:00:00Z",
        "user": user,
        "author_association": comment["author_association"],
    }
    document = github("issue_comment", "created", "10:00", comment=parts, issue=issue)
    assert heard("github", {"o/r#7": Remembered()}, *document, agents=["Ada"]) == expected


def test_github_bodies_may_come_as_a_form_and_twice_by_two_hooks() -> None:
    document, headers = github("issues", "opened", "09:00")
    form = Delivery(
        urlencode({"payload": json.dumps(document)}).encode(),
        NOW,
        {**headers, "Content-Type": "application/x-www-form-urlencoded"},
    )
    plain = Delivery(json.dumps(document).encode(), NOW, {**headers, "X-GitHub-Delivery": "another"})
    (one,), (two,) = (Source(vendor("github")).preview(delivery) for delivery in (form, plain))
    assert (
        [event.event_id for event in one.events] == [event.event_id for event in two.events] == ["github:o/r#7:opened"]
    )


def jira(at: int, status: tuple[str, str], items: list[dict[str, Any]], **parts: Any) -> dict[str, Any]:
    fields = {
        "created": "2026-03-02T09:00:00.000+0100",
        "status": {"name": status[0], "statusCategory": {"key": status[1]}},
        "resolution": parts.pop("resolution", None),
    }
    issue = {"id": "1", "key": "KT-22", "fields": fields}
    return {
        "webhookEvent": "jira:issue_updated",
        "timestamp": NOW // 1000 + at,
        "issue": issue,
        "changelog": {"id": str(at), "items": items},
        "user": {"accountId": "a"},
        **parts,
    }


def test_jira_goes_by_names_that_are_set_then_by_the_usual_ones_then_by_the_category() -> None:
    known: Known = {}
    states = {"statuses": {"Parked": "pending", "Wontfix": "cancelled"}}
    change: list[dict[str, Any]] = [{"field": "status", "fromString": "To Do", "toString": "?"}]
    assert heard("jira", known, jira(1, ("Analysing", "indeterminate"), change), **states) == ["opened", "acknowledged"]
    assert heard(
        "jira", known, jira(2, ("Parked", "indeterminate"), [{"field": "status", "fromString": "Analysing"}]), **states
    ) == ["paused Parked"]
    assert heard(
        "jira", known, jira(3, ("Analysing", "indeterminate"), [{"field": "status", "fromString": "Parked"}]), **states
    ) == ["resumed Parked"]
    done: list[dict[str, Any]] = [
        {"field": "resolution", "from": None, "to": "1", "toString": "Wontfix"},
        {"field": "status", "fromString": "Analysing"},
    ]
    assert heard("jira", known, jira(4, ("Done", "done"), done, resolution={"name": "Wontfix"}), **states) == [
        "cancelled"
    ]
    back: list[dict[str, Any]] = [
        {"field": "resolution", "from": "1", "to": None},
        {"field": "status", "fromString": "Shelved"},
    ]
    assert heard("jira", known, jira(5, ("Analysing", "indeterminate"), back), **states) == ["reopened"]


def test_jira_server_tells_a_comment_twice_and_it_counts_once() -> None:
    comment = {"id": "77", "created": "2026-03-02T10:00:00.000+0000", "author": {"name": "agent"}}
    twice = []
    edited = {**jira(1, ("To Do", "new"), []), "comment": {**comment, "updated": "2026-03-02T10:05:00.000+0000"}}
    assert heard("jira", {"KT-22": Remembered()}, edited) == [], "an old version that does not name its event"
    for event, extra in (("jira:issue_updated", {"issue_event_type_name": "issue_commented"}), ("comment_created", {})):
        document = {**jira(1, ("To Do", "new"), []), **extra, "webhookEvent": event, "comment": comment}
        outcomes = Source(vendor("jira")).preview(Delivery(json.dumps(document).encode(), NOW), {"KT-22": Remembered()})
        twice += [event.event_id for one in outcomes for event in one.events]
    assert twice == ["jira:comment/77:agent_replied"] * 2


def test_jira_customers_are_those_that_atlassian_says_and_reporters() -> None:
    def comment(author: dict[str, Any], **parts: Any) -> list[str]:
        document = {**jira(1, ("To Do", "new"), []), "webhookEvent": "comment_created"}
        document["issue"]["fields"]["reporter"] = {"accountId": "r"}
        document["comment"] = {"id": "1", "created": "2026-03-02T10:00:00.000+0000", "author": author, **parts}
        return heard("jira", {"KT-22": Remembered()}, document)

    assert comment({"accountId": "x", "accountType": "customer"}) == ["customer_replied"]
    assert comment({"accountId": "r", "accountType": "atlassian"}) == ["customer_replied"]
    assert comment({"accountId": "x", "accountType": "atlassian"}) == ["agent_replied"]
    assert comment({"accountId": "x", "accountType": "app"}) == ["agent_replied by bot"]
    assert comment({"accountId": "x"}, jsdPublic=False) == []
    assert comment({"accountId": "x"}, visibility={"type": "role", "value": "Developers"}) == []


def test_intercom_reply_and_assignment_are_one_notification_and_a_snooze_has_an_end() -> None:
    def notice(topic: str, at: int, author: str, **item: Any) -> dict[str, Any]:
        part = {"created_at": at, "author": {"type": author}, "part_type": "assignment"}
        content = {
            "id": "1",
            "type": "conversation",
            "created_at": 1000,
            "source": {"author": {"type": "user"}},
            "conversation_parts": {"conversation_parts": [part]},
            **item,
        }
        return {"topic": topic, "id": f"notif_{at}", "created_at": at, "data": {"item": content}}

    known: Known = {}
    assert heard("intercom", known, notice("conversation.user.created", 1000, "user", team_assignee_id="0")) == [
        "opened"
    ]
    assert heard("intercom", known, notice("conversation.admin.replied", 2000, "admin", team_assignee_id="5")) == [
        "agent_replied",
        "assigned",
    ]
    assert heard("intercom", known, notice("conversation.admin.replied", 2001, "bot", team_assignee_id="5")) == [
        "agent_replied by bot"
    ]
    assert heard("intercom", known, notice("conversation.admin.snoozed", 3000, "admin", snoozed_until=9000)) == [
        "paused snoozed"
    ]
    assert heard("intercom", known, notice("conversation.user.replied", 4000, "user")) == [
        "resumed snoozed",
        "customer_replied",
    ]
    assert heard("intercom", known, notice("conversation.admin.closed", 5000, "admin")) == ["resolved"]
    assert heard("intercom", known, notice("conversation.user.replied", 6000, "user")) == [
        "reopened",
        "customer_replied",
    ]


def test_intercom_tickets_stand_beside_the_part_that_tells_of_them() -> None:
    def notice(topic: str, at: int, author: str, state: str, **part: Any) -> dict[str, Any]:
        ticket = {
            "type": "ticket",
            "id": "9",
            "created_at": 1000,
            "ticket_state": {"category": state},
            "team_assignee_id": "5",
        }
        item = {"type": "ticket_ticket_part", "ticket": ticket, "ticket_part": {"author": {"type": author}, **part}}
        return {"topic": topic, "id": f"notif_{at}", "created_at": at, "data": {"item": item}}

    known: Known = {}
    assert heard("intercom", known, notice("ticket.created", 1000, "bot", "submitted")) == ["opened"]
    assert heard("intercom", known, notice("ticket.contact.replied", 2000, "user", "submitted")) == ["customer_replied"]
    assert heard("intercom", known, notice("ticket.admin.replied", 3000, "bot", "submitted")) == [
        "agent_replied by bot"
    ]
    moves = [("submitted", "in_progress"), ("in_progress", "waiting_on_customer"), ("waiting_on_customer", "resolved")]
    told_of = [
        heard(
            "intercom",
            known,
            notice("ticket.state.updated", 4000 + place, "admin", after, previous_ticket_state=before),
        )
        for place, (before, after) in enumerate(moves)
    ]
    assert told_of == [["acknowledged"], ["paused waiting_on_customer"], ["resumed waiting_on_customer", "resolved"]]


def test_what_an_agent_began_is_a_request_from_the_customers_first_answer_on() -> None:
    item = {"id": "1", "created_at": 1000, "source": {"author": {"type": "admin"}}}
    document = {"topic": "conversation.user.replied", "id": "n1", "created_at": 9000, "data": {"item": item}}
    (outcome,) = Source(vendor("intercom")).preview(Delivery(json.dumps(document).encode(), NOW))
    assert told(outcome) == ["opened"]
    assert outcome.events[0].occurred_at == 9000 * SECOND


def test_front_opens_by_inbound_messages_only_in_both_envelopes() -> None:
    def event(type_: str, at: float, source: str = "teammate", inbound: bool = False) -> dict[str, Any]:
        conversation = {"id": "cnv_1", "subject": "x", "last_message": {"is_inbound": inbound}}
        return {
            "id": f"evt_{at}",
            "type": type_,
            "emitted_at": at,
            "conversation": conversation,
            "source": {"_meta": {"type": source}},
        }

    known: Known = {}
    assert heard("front", known, event("outbound", 10.5)) == []
    assert heard(
        "front", known, {"type": "inbound_received", "payload": event("inbound", 20.5, "inboxes", inbound=True)}
    ) == ["opened"]
    assert heard("front", known, event("out_reply", 30.25, "rule")) == ["agent_replied by bot"]
    automatic = {**event("out_reply", 30.5, "inboxes"), "target": {"data": {"id": "msg_1", "author": None}}}
    assert heard("front", known, automatic) == ["agent_replied by bot"]
    assert heard("front", known, event("out_reply", 31)) == ["agent_replied"]
    assert heard("front", known, event("inbound", 40, "inboxes", inbound=True)) == ["customer_replied"]
    assert heard("front", known, event("archive", 50)) == ["resolved"]
    assert heard("front", known, event("trash", 60)) == ["cancelled"]


def test_a_body_of_hubspot_holds_several_tickets_in_no_order() -> None:
    def change(at: int, ticket: int, kind: str, **property_: str) -> dict[str, Any]:
        return {
            "eventId": at,
            "objectId": ticket,
            "occurredAt": at,
            "subscriptionType": kind,
            "changeSource": "CRM_UI",
            **property_,
        }

    stage = {"propertyName": "hs_pipeline_stage"}
    batch = [
        change(3000, 1, "ticket.propertyChange", **stage, propertyValue="4"),
        change(2000, 1, "ticket.propertyChange", **stage, propertyValue="77"),
        change(1000, 1, "ticket.creation"),
        {**change(1500, 2, "object.creation"), "objectTypeId": "0-5"},
    ]
    assert heard("hubspot", {}, batch, stages={"77": "in_progress"}) == ["opened", "opened", "acknowledged", "resolved"]


def test_each_alert_of_a_group_is_a_ticket_and_a_repeat_tells_nothing_new() -> None:
    def alert(fingerprint: str, status: str, ends: str = "0001-01-01T00:00:00Z") -> dict[str, Any]:
        return {
            "fingerprint": fingerprint,
            "status": status,
            "startsAt": "2026-03-02T09:00:00.123456789Z",
            "endsAt": ends,
            "labels": {"severity": "critical"},
        }

    group = {"alerts": [alert("a", "firing"), alert("b", "resolved", "2026-03-02T10:00:00Z"), alert("c", "resolved")]}
    outcomes = Source(vendor("alertmanager")).preview(Delivery(json.dumps(group).encode(), NOW))
    assert [told(one) for one in outcomes] == [["opened"], ["opened", "resolved"], ["opened", "resolved"]]
    assert [render(one.events[-1].occurred_at) for one in outcomes] == [
        "2026-03-02T09:00:00.123456Z",
        "2026-03-02T10:00:00Z",
        "2026-03-02T12:00:00Z",
    ]
    later = Source(vendor("alertmanager")).preview(Delivery(json.dumps(group).encode(), Instant(NOW + DAY)))
    assert [[event.event_id for event in one.events] for one in later] == [
        [event.event_id for event in one.events] for one in outcomes
    ]


def test_chatwoot_says_a_change_of_the_status_twice_and_it_counts_once() -> None:
    conversation = {
        "id": 207,
        "status": "resolved",
        "created_at": 1772442000,
        "updated_at": 1772445600.5,
        "meta": {},
        "changed_attributes": [{"status": {"previous_value": "open", "current_value": "resolved"}}],
    }
    known: Known = {"207": Remembered()}
    assert heard("chatwoot", known, {**conversation, "event": "conversation_status_changed"}) == ["resolved"]
    assert heard("chatwoot", known, {**conversation, "event": "conversation_updated"}) == []
    other = {**conversation, "changed_attributes": [{"priority": {"current_value": "urgent"}}], "priority": "urgent"}
    assert heard("chatwoot", known, {**other, "event": "conversation_updated"}) == ["updated"]


def test_pagerduty_bodies_of_a_note_hold_their_incident_inside() -> None:
    event = {
        "id": "1",
        "event_type": "incident.priority_updated",
        "occurred_at": "2026-03-02T10:00:00Z",
        "agent": None,
        "data": {"id": "NOTE", "incident": {"id": "P1"}, "priority": None},
    }
    (outcome,) = Source(vendor("pagerduty")).preview(
        Delivery(json.dumps({"event": event}).encode(), NOW), {"P1": Remembered()}
    )
    assert outcome.ticket is not None
    assert outcome.ticket.subject == "P1"


def test_servicenow_ends_with_closed_where_that_is_set() -> None:
    def record(count: int, state: str, at: str) -> dict[str, Any]:
        return {
            "sys_id": "1",
            "number": "INC1",
            "sys_mod_count": str(count),
            "state": state,
            "opened_at": "2016-02-29 09:00:00",
            "sys_updated_on": f"2016-02-29 {at}:00",
            "sys_class_name": "incident",
        }

    for states, expected in ({}, [["opened"], ["resolved"], []]), ({"6": "open"}, [["opened"], [], ["resolved"]]):
        known: Known = {}
        rows = [record(0, "1", "09:00"), record(1, "6", "10:00"), record(2, "7", "11:00")]
        assert [heard("servicenow", known, row, states=states) for row in rows] == expected


def test_a_cloud_event_is_understood_structured_binary_and_in_a_batch() -> None:
    data = {"ticket_id": "7", "priority": "high"}
    structured = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/desk",
        "type": "ticket.opened",
        "time": "2026-03-02T09:00:00Z",
        "data": data,
    }
    headers = {"ce-id": "e1", "ce-source": "/desk", "ce-type": "ticket.opened", "ce-time": "2026-03-02T09:00:00Z"}
    assert heard("cloudevents", {}, structured) == heard("cloudevents", {}, data, headers) == ["opened"]
    second = {**structured, "id": "e2", "type": "resolved", "time": "2026-03-02T10:00:00Z"}
    assert heard("cloudevents", {}, [structured, second]) == ["opened", "resolved"]


def test_help_scout_sends_the_whole_conversation_and_a_reply_that_closes_it_is_both() -> None:
    def conversation(event: str, status: str, minute: int, author: str) -> tuple[dict[str, Any], dict[str, str]]:
        at = f"2026-03-02T09:{minute:02}:00Z"
        old = {"id": 1, "type": "customer", "createdAt": "2026-03-02T09:00:00Z"}
        new = {"id": minute + 1, "type": author, "createdAt": at}
        document = {
            "id": 5,
            "status": status,
            "createdAt": old["createdAt"],
            "userUpdatedAt": at,
            "_embedded": {"threads": [new, old]},
        }
        return document, {"X-HelpScout-Event": event}

    known: Known = {}
    assert heard("helpscout", known, *conversation("convo.created", "active", 0, "customer")) == ["opened"]
    assert heard("helpscout", known, *conversation("convo.status", "pending", 5, "customer")) == ["paused pending"]
    closing = conversation("convo.agent.reply.created", "closed", 10, "message")
    assert heard("helpscout", known, *closing) == ["agent_replied", "resumed pending", "resolved"]
    assert heard("helpscout", known, *conversation("convo.customer.reply.created", "active", 15, "customer")) == [
        "customer_replied",
        "reopened",
    ]
    assert heard("helpscout", known, {"id": 5}, {"X-HelpScout-Event": "convo.deleted"}) == ["cancelled"]


def test_zammad_is_compared_with_what_it_was_and_its_first_body_opens() -> None:
    def ticket(minute: int, state: str, article: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
        at = f"2026-03-02T09:{minute:02}:00.000Z"
        found = {
            "id": 81,
            "state": state,
            "priority": {"name": "2 normal"},
            "created_at": "2026-03-02T09:00:00.000Z",
            "updated_at": at,
            **parts,
        }
        return {"ticket": found, "article": {"created_at": at, "internal": False, **article} if article else {}}

    known: Known = {}
    assert heard("zammad", known, ticket(0, "new", {"id": 1, "sender": "Customer"})) == ["opened"]
    assert heard("zammad", known, ticket(1, "new", {"id": 2, "sender": "System"})) == []
    answered = ticket(5, "open", {"id": 3, "sender": "Agent"})
    assert heard("zammad", known, answered) == ["agent_replied"]
    assert heard("zammad", known, ticket(6, "open", {"id": 4, "sender": "Agent", "internal": True})) == []
    waiting = ticket(7, "pending reminder", pending_time="2026-03-03T09:00:00.000Z")
    assert heard("zammad", known, waiting) == ["paused pending reminder"]
    closed = ticket(9, "closed", {"id": 5, "sender": "Agent"}, priority={"name": "3 high"})
    assert heard("zammad", known, closed) == ["agent_replied", "resumed pending reminder", "resolved", "updated"]
    assert heard("zammad", known, ticket(11, "open", priority={"name": "3 high"})) == ["reopened"]
    assert heard("zammad", known, ticket(12, "merged", priority={"name": "3 high"})) == ["cancelled"]


def test_freshdesk_says_what_has_changed_in_a_text_that_is_no_json() -> None:
    def rule(triggered: str, status: str = "Open", **parts: str) -> dict[str, Any]:
        return {
            "freshdesk_webhook": {
                "ticket_id": "11",
                "triggered_event": triggered,
                "ticket_status": status,
                "requester_email": "c@example.com",
                **parts,
            }
        }

    known: Known = {}
    assert heard("freshdesk", known, rule("{ticket_action:created}", "Pending")) == ["opened", "paused Pending"]
    assert heard("freshdesk", known, rule("{note_type:private}")) == []
    assert heard("freshdesk", known, rule("{note_type:public}", performer_email="c@example.com")) == [
        "customer_replied"
    ]
    assert heard("freshdesk", known, rule("{reply_sent:sent}")) == ["agent_replied"]
    assert heard("freshdesk", known, rule("{status:{from:3,to:4}}", "Resolved")) == ["resumed Pending", "resolved"]
    assert heard("freshdesk", known, rule("{status:{from:4,to:5}}", "Closed")) == []


def test_opsgenie_acknowledges_and_snoozes_and_a_deleted_alert_is_cancelled() -> None:
    def alert(action: str, minute: int, **parts: Any) -> dict[str, Any]:
        seconds = 1772442000 + 60 * minute
        found = {
            "alertId": "a",
            "createdAt": 1772442000123,
            "updatedAt": seconds * 10**9 + 1,
            "username": "ada@example.com",
            **parts,
        }
        return {"action": action, "alert": found}

    known: Known = {}
    steps = [
        heard("opsgenie", known, alert(action, minute))
        for minute, action in enumerate(["Create", "Acknowledge", "Snooze", "SnoozeEnded", "Close", "Delete"])
    ]
    assert steps == [["opened"], ["acknowledged"], ["paused snoozed"], ["resumed snoozed"], ["resolved"], ["cancelled"]]


def test_gitlab_customers_are_those_who_opened_and_service_desk_writes_for_them() -> None:
    def note(user: str, author: int, **parts: Any) -> dict[str, Any]:
        attributes = {
            "id": 5,
            "author_id": author,
            "noteable_type": "Issue",
            "created_at": "2026-03-02 10:00:00 UTC",
            **parts,
        }
        issue = {"iid": 7, "author_id": 1, "created_at": "2026-03-02 09:00:00 UTC"}
        return {
            "object_kind": "note",
            "user": {"username": user},
            "project": {"path_with_namespace": "g/p"},
            "object_attributes": attributes,
            "issue": issue,
        }

    known: Known = {"g/p#7": Remembered()}
    assert heard("gitlab", dict(known), note("carla", 1)) == ["customer_replied"]
    assert heard("gitlab", dict(known), note("ada", 2)) == ["agent_replied"]
    assert heard("gitlab", dict(known), note("bob", 3), agents=["ada"]) == ["customer_replied"]
    assert heard("gitlab", dict(known), note("support-bot", 9)) == ["customer_replied"]
    assert heard("gitlab", dict(known), note("project_1_bot", 9), bots=["project_1_bot"]) == ["agent_replied by bot"]
    for hidden in ({"internal": True}, {"confidential": True}, {"system": True}):
        assert heard("gitlab", dict(known), note("ada", 2, **hidden)) == []


def test_a_system_of_ones_own_tells_events_by_their_names() -> None:
    def message(type_: str, minute: int, **data: Any) -> tuple[dict[str, Any], dict[str, str]]:
        document = {"type": type_, "timestamp": f"2026-03-02T09:{minute:02}:00Z", "data": {"ticket_id": "7", **data}}
        return document, {"webhook-id": f"msg_{minute}"}

    known: Known = {}
    assert heard("standard_webhooks", known, *message("ticket.opened", 0, priority="high")) == ["opened"]
    assert heard("standard_webhooks", known, *message("replied", 1, role="agent")) == ["agent_replied"]
    assert heard("standard_webhooks", known, *message("replied", 2, role="agent", public=False)) == []
    assert heard("standard_webhooks", known, *message("paused", 3, cause="customer")) == ["paused customer"]
    assert heard("standard_webhooks", known, *message("ticket.assigned", 4, team_id="network")) == ["assigned"]
    assert heard("standard_webhooks", known, *message("status_changed", 5, status="solved")) == [
        "resumed customer",
        "resolved",
    ]
