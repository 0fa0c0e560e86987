"""A notice in people's words: their zone, how far away, the ticket, and why a notice was taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.wording.sample import SAMPLES, told_at
from channels.wording.times import Reader, relative
from channels.wording.words import words
from domain.plan.planning import plan
from domain.record.ledger import reconcile
from domain.record.notices import notice
from domain.ticket.events import EventKind
from tests.support.builders import a_snapshot, a_ticket, at, event, opened, promise


def said(notice: Mapping[str, Any], now: datetime | None = None, zone: str = "Europe/Berlin") -> dict[str, Any]:
    return words(notice, Reader(zone, now or told_at(notice)))


def changed(type_: str, **data: Any) -> dict[str, Any]:
    return {**SAMPLES[type_], "data": {**SAMPLES[type_]["data"], **data}}


LONGER = "is longer than the policy lets one count; clocks that nothing else holds run on"
SENTENCES = {
    "halfway": (
        "First response of ticket 42 by Network: half of the time is used",
        "Half of its 1 h is used; due 15:45 (in 30 min)",
    ),
    "at_risk": ("First response of ticket 42 by Network: at risk", "48 min of its 1 h used; due 15:45 (in 12 min)"),
    "breached": ("First response of ticket 42 by Network: breached", "All of its 1 h is used; due 15:45 (now)"),
    "escalated": (
        "First response of ticket 42 by Network: escalated (notify team lead 15 min after the breach)",
        "1 h 15 min of its 1 h used; was due 15:45 (15 min ago)",
    ),
    "pause_too_long": (
        "Ticket 42: paused too long",
        f"The pause (customer) {LONGER}; due 15:45 (in 25 min)",
    ),
    "withdrawn": (
        "First response of ticket 42 by Network: warning withdrawn",
        "Answered at 15:13, in time; the warning of 15:33 no longer holds",
    ),
}


def test_no_type_of_notice_is_without_words() -> None:
    page = (Path(__file__).parents[2] / "docs" / "notices.md").read_text()
    assert {f"sla.{type_}" for type_ in SENTENCES} == set(re.findall(r"^\| `(sla\.[a-z_]+)`", page, re.MULTILINE))


@pytest.mark.parametrize("type_", SENTENCES)
def test_each_type_of_notice_has_a_headline_and_a_sentence(type_: str) -> None:
    told = said(SAMPLES[type_])
    assert (told["headline"], told["sentence"]) == SENTENCES[type_]


def test_a_breach_that_a_late_answer_takes_back_says_when_it_was_answered() -> None:
    """Promised within 30 min from 15:00; answered at 15:13, which is heard of at 15:40 only."""
    ticket = a_ticket(subject="42", title="No dial tone")
    snapshot = a_snapshot(promise("first_response", minutes=30), ticket=ticket)
    before = reconcile(plan(snapshot, [opened("15:00")]), (), at("15:33"))
    past = [opened("15:00"), event(EventKind.AGENT_REPLIED, "15:13", received="15:40")]
    planned = plan(snapshot, past)
    withdrawn = {one.key.milestone: one for one in reconcile(planned, before, at("15:40")) if not one.stands}
    now = datetime(2026, 3, 2, 15, 40, tzinfo=UTC)
    told = {name: said(notice(snapshot.facts, planned, one, past), now, "UTC") for name, one in withdrawn.items()}
    assert told["breached"]["sentence"] == "Answered at 15:13, in time; the breach of 15:30 no longer holds"
    assert told["halfway"]["sentence"] == "Answered at 15:13, in time; the halfway notice of 15:15 no longer holds"
    assert told["breached"]["ticket"]["title"] == "No dial tone"


def test_a_withdrawal_of_a_clock_that_still_runs_says_when_it_is_due_now() -> None:
    because = {"event_id": "e", "type": "paused", "occurred_at": "2026-03-02T14:00:00Z", "received_at": "x"}
    moved = changed("withdrawn", because=because, stopped_at=None, met=None, due_at="2026-03-02T15:15:05Z")
    assert said(moved)["sentence"] == (
        "Paused at 15:00; the warning of 15:33 no longer holds; now due 16:15 (in 35 min)"
    )


def test_a_withdrawal_of_which_no_event_is_known_says_what_no_longer_holds() -> None:
    assert said(changed("withdrawn", because=None))["sentence"] == "The warning of 15:33 no longer holds"


def test_the_notice_of_a_long_pause_that_was_none_is_taken_back_by_its_name() -> None:
    because = {"event_id": "e", "type": "resumed", "occurred_at": "2026-03-02T14:00:00Z", "received_at": "x"}
    taken_back = changed(
        "withdrawn", target=None, team=None, milestone="pause_too_long:hd-3", because=because, met=None
    )
    told = said(taken_back)
    assert told["headline"] == "Ticket 42: notice of a long pause withdrawn"
    assert told["sentence"] == "Resumed at 15:00; the notice of a long pause of 15:33 no longer holds"


def test_times_are_those_of_the_reader_to_the_minute() -> None:
    late = changed("breached", due_at="2026-03-02T14:45:12.345678Z")
    assert said(late, zone="Asia/Tokyo")["due"]["at"] == "23:45"
    assert said(late, zone="No/Such_Zone")["due"]["at"] == "14:45"


@pytest.mark.parametrize(
    ("instant", "spoken"),
    [
        ("2026-03-02T22:59:00Z", "23:59"),
        ("2026-03-02T23:00:00Z", "Tue 3 Mar, 00:00"),
        ("2025-12-31T23:30:00Z", "Thu 1 Jan, 00:30"),
        ("2025-12-31T22:30:00Z", "Wed 31 Dec 2025, 23:30"),
    ],
)
def test_another_day_is_named_and_another_year_too(instant: str, spoken: str) -> None:
    told = Reader("Europe/Berlin", datetime(2026, 3, 2, 12, tzinfo=UTC)).moment(instant)
    assert told is not None
    assert told["at"] == spoken


@pytest.mark.parametrize(
    ("distance", "spoken"),
    [
        (timedelta(0), "now"),
        (timedelta(milliseconds=400), "now"),
        (timedelta(seconds=45), "in 45 s"),
        (timedelta(minutes=12), "in 12 min"),
        (timedelta(minutes=12, seconds=59), "in 12 min"),
        (timedelta(minutes=-12), "12 min ago"),
        (timedelta(hours=3, minutes=5), "in 3 h 5 min"),
        (timedelta(hours=-26), "26 h ago"),
        (timedelta(days=4, hours=3), "in 4 days"),
    ],
)
def test_how_far_away_an_instant_is(distance: timedelta, spoken: str) -> None:
    assert relative(distance) == spoken


def test_a_notice_that_comes_late_says_so() -> None:
    breach = SAMPLES["breached"]
    assert said(breach, told_at(breach) + timedelta(seconds=59))["delay"] is None
    late = said(breach, told_at(breach) + timedelta(hours=2, minutes=5))
    assert late["delay"] == "2 h 5 min"
    assert late["sentence"] == "All of its 1 h is used; was due 15:45 (2 h 5 min ago)"


def test_what_comes_from_outside_is_one_line_of_bounded_length() -> None:
    ticket = {"ticket_id": "4\n2", "priority": None, "title": "a\r\nb\x1b[31m" + "x" * 600, "url": "https://a b"}
    told = said(changed("breached", ticket=ticket))["ticket"]
    assert (told["id"], told["priority"]) == ("4 2", None)
    assert told["title"].startswith("a b�[31mxxx")
    assert len(told["title"]) == 500


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example.com", "https://", "[", None, 7]
)
def test_what_is_no_link_to_a_page_is_left_out(url: object) -> None:
    ticket = {**SAMPLES["breached"]["data"]["ticket"], "url": url}
    assert said(changed("breached", ticket=ticket))["ticket"]["url"] is None


def test_an_escalation_that_has_a_name_is_told_by_it() -> None:
    step = {**SAMPLES["escalated"]["data"]["escalation"], "name": "Page the duty manager"}
    told = said(changed("escalated", escalation=step))
    assert told["headline"] == 'First response of ticket 42 by Network: escalated "Page the duty manager"'
    assert told["sentence"].startswith('Escalation "Page the duty manager": notify team lead 15 min after the breach; ')
    assert (told["escalation"], told["step"]) == ("Page the duty manager", "notify team lead 15 min after the breach")
    back = {**changed("withdrawn", escalation=step, milestone="escalation:esc_1")}
    assert 'the escalation "Page the duty manager" of 15:33 no longer holds' in said(back)["sentence"]
