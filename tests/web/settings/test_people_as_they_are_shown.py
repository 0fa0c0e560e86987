"""Contacts, on-calls, receivers and sources between their forms and their documents. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.errors import InvalidValue, PreconditionFailed
from domain.instants import DAY, Instant, parse
from domain.people.contacts import Contact
from domain.people.on_call import OnCall, Rota
from domain.record.receivers import Choice, Receiver
from service.receivers import Tried
from store.people.on_calls import StoredOnCall
from store.rules.receivers import Sealed, StoredReceiver
from web.pages.settings.people import contact_drafts, on_call_drafts
from web.pages.settings.people.contact_routes import said_of_all
from web.pages.settings.people.on_call_view import row_of, shift_rows
from web.pages.settings.people.versions import required
from web.pages.settings.receivers.drafts import document_of, draft_of
from web.pages.settings.receivers.view import row_of as receiver_row
from web.pages.settings.receivers.view import takes
from web.pages.settings.shared import at_input, words_in
from web.pages.settings.sources.view import became, headers_in, pretty

MONDAY = parse("2026-03-02T12:00:00Z")
NAMES = {"con_a": "Ada", "con_g": "Grace"}
ROTATION = {"members": ["con_a", "con_g"], "shift": {"days": 7}, "start": "2026-03-02"}


def an_on_call(**changes: Any) -> OnCall:
    document = {"id": "onc_1", "name": "Nights", "timezone": "UTC", "handover": "09:00", "rotation": ROTATION}
    return OnCall.from_json({**document, **changes})


def test_an_on_call_that_was_not_touched_is_saved_as_it_was() -> None:
    for changes in (
        {},
        {"rotation": {**ROTATION, "shift": {"hours": 12}}},
        {"overrides": [{"from": "2026-12-24", "until": "2026-12-27T18:00", "contact": "con_a"}]},
    ):
        on_call = an_on_call(**changes)
        document = on_call_drafts.document_of(on_call_drafts.draft_of(on_call), is_new=False)
        assert OnCall.from_json({**document, "id": "onc_1"}) == on_call


def test_a_feed_of_which_nothing_is_typed_stays() -> None:
    draft = {"by": "feed", "name": "Nights", "timezone": "UTC", "handover": "", "url": "", "ical": ""}
    assert "feed" not in on_call_drafts.document_of(draft, is_new=False)
    assert on_call_drafts.document_of(draft, is_new=True)["feed"] == {}
    typed = on_call_drafts.document_of({**draft, "url": " https://x "}, is_new=False)
    assert (typed["feed"], typed["handover"]) == ({"url": "https://x"}, "00:00")


@pytest.mark.parametrize("length", ["", "soon", "1.5", "-1", "٣", "9" * 9])
def test_a_turn_that_is_no_whole_number_is_refused_at_its_field(length: str) -> None:
    draft = {**on_call_drafts.draft_of(an_on_call()), "length": length}
    with pytest.raises(InvalidValue) as refusal:
        on_call_drafts.document_of(draft, is_new=True)
    assert refusal.value.field == "length"


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ("rotation.members.1", "members.0.contact"),
        ("rotation.shift", "length"),
        ("rotation.start", "start"),
        ("rotation", "members.0.contact"),
        ("feed.url", "url"),
        ("feed", "url"),
        ("overrides.1.until", "overrides.1.until"),
        ("name", "name"),
    ],
)
def test_a_fault_of_an_on_call_is_said_at_its_input(field: str, place: str) -> None:
    assert on_call_drafts.input_of(field) == place


def test_who_is_on_call_now_and_who_comes_next() -> None:
    on_call = an_on_call()
    row = row_of(StoredOnCall(on_call, None, 1, Instant(0), Instant(0)), Rota(on_call), NAMES, MONDAY)
    assert (row.now, row.then, row.until) == ("Ada", "Grace", parse("2026-03-09T09:00:00Z"))
    shifts = shift_rows(Rota(on_call), NAMES, MONDAY)
    assert [one.who for one in shifts] == ["Ada", "Grace", "Ada", "Grace", "Ada"]
    before = Instant(MONDAY - 30 * DAY)
    early = row_of(StoredOnCall(on_call, None, 1, Instant(0), Instant(0)), Rota(on_call), NAMES, before)
    assert (early.now, early.is_nobody, early.until) == ("nobody", True, None)


def test_addresses_that_are_kept_stand_before_those_that_were_typed_and_faults_find_them() -> None:
    draft = {
        "name": " Ada ",
        "kept": ["email:con_a"],
        "addresses": [{"channel": "email", "address": ""}, {"channel": "webhook", "address": "http://x"}],
    }
    document = contact_drafts.document_of(draft)
    assert document["addresses"] == [{"id": "email:con_a"}, {"channel": "webhook", "address": "http://x"}]
    assert contact_drafts.input_of(draft, "addresses.1.address") == "addresses.1.address"
    assert contact_drafts.input_of(draft, "addresses.0.id") == "kept"
    assert contact_drafts.input_of(draft, "addresses") == "kept"


def test_a_contact_that_was_not_touched_is_saved_as_it_was() -> None:
    group = Contact.from_json({"id": "con_n", "name": "Nights", "kind": "group", "members": ["con_a"]})
    document = contact_drafts.document_of(contact_drafts.draft_of(group))
    del document["addresses"]
    assert Contact.from_json({**document, "id": "con_n"}) == group


def test_a_receiver_that_was_not_touched_is_saved_as_it_was() -> None:
    receiver = Receiver("rcv_1", "Desk", "webhook", Choice(("breached",), ("sla",), ("sla_1",), ("net.1",), ("P1",)))
    assert Receiver.from_json({**receiver.to_json(), **document_of(draft_of(receiver))}) == receiver


def test_what_a_receiver_takes_is_said_in_words() -> None:
    assert takes(Choice(), {}) == "every notice"
    choice = Choice(("breached", "at_risk"), ("ola",), ("sla_1",), (), ("urgent",))
    assert takes(choice, {"sla_1": "Gold"}) == "breached or at risk, of OLA, of policy Gold, of priority urgent"


def test_a_receiver_that_the_engine_switched_off_says_so() -> None:
    receiver = Receiver("rcv_1", "Desk", "webhook")
    stored = StoredReceiver(receiver, Sealed("x"), 1, Instant(0), Instant(0))
    gone = replace(stored, receiver=replace(receiver, enabled=False, disabled_because="answered 410"))
    assert receiver_row(stored, {}).word == "on"
    assert (receiver_row(gone, {}).word, receiver_row(gone, {}).kind) == ("switched off by the engine", "bad")


def test_a_form_is_for_the_version_that_it_showed() -> None:
    required("", 2)
    required("2", 2)
    with pytest.raises(PreconditionFailed, match="version 3"):
        required("2", 3)


def test_what_came_of_samples_is_said_address_by_address() -> None:
    tried = [("email:con_a", Tried("taken")), ("webhook:con_a", Tried("failed", "answered 503"))]
    said = "email:con_a: The sample was taken. webhook:con_a: The sample was not taken: answered 503."
    assert said_of_all(tried) == said
    assert said_of_all([]) == "No address: there is nothing to try."


def test_what_a_body_became_is_said_in_words() -> None:
    understood = {
        "outcome": "understood",
        "ticket": {"ticket_id": "acme/desk#7"},
        "events": [{"type": "opened"}, {"type": "priority_changed"}],
    }
    aside = {"outcome": "set_aside", "reason": "there is no number", "field": "issue.number"}
    assert list(became([understood, aside])) == [
        "ticket acme/desk#7: opened, priority changed",
        "set aside (there is no number)",
    ]
    assert list(became([{"outcome": "ignored"}] * 7))[-1] == "and 2 more"


def test_headers_are_lines_and_bodies_are_indented() -> None:
    assert headers_in("X-GitHub-Event: issues\r\n\n a : b:c") == {"X-GitHub-Event": "issues", "a": "b:c"}
    with pytest.raises(InvalidValue) as refusal:
        headers_in("issues")
    assert refusal.value.field == "headers"
    assert pretty('{"a":1}') == '{\n  "a": 1\n}'
    assert pretty("<x>") == "<x>"


def test_a_list_is_one_input() -> None:
    assert [at_input(one) for one in ("types.1", "connector.base_url", "name")] == ["types", "connector", "name"]
    assert words_in(" a, ,b ") == ["a", "b"]
