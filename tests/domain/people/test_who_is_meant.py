"""Whom policies, teams and Scrubbe clients mean by a text, and what is said of a text that means nobody."""

from __future__ import annotations

import pytest

from domain.errors import InvalidValue
from domain.instants import parse
from domain.people.addresses import Address, Given, given_addresses, numbered
from domain.people.contacts import Contact
from domain.people.directory import Directory, Reach
from domain.people.feeds import FeedEvent
from domain.people.lints import lints
from domain.people.on_call import OnCall, Rota
from domain.policy.policies import Policy
from domain.ticket.teams import Team

NOON = parse("2026-03-04T12:00:00Z")


def contact(id_: str, name: str, *addresses: tuple[str, str], **fields: object) -> Contact:
    given = [Given(channel, address) for channel, address in addresses]
    return Contact.from_json({"id": id_, "name": name, **fields}, numbered(given, id_))


ADA = contact("con_ada", "Ada Lovelace", ("email", "ada@example.com"), ("webhook", "https://hooks.example.com/ada"))
GRACE = contact("con_grace", "Grace", ("email", "grace@example.com"), ("email", "hopper@example.com"))
MUTE = contact("con_mute", "Mute")
DESK = contact("con_desk", "Network", ("email", "net@example.com"), kind="group", members=["con_ada", "con_mute"])
TURNS = {"members": ["con_grace"], "shift": {"days": 7}, "start": "2026-03-02"}
NIGHTS = Rota(OnCall.from_json({"id": "onc_1", "name": "Nights", "timezone": "UTC", "rotation": TURNS}))
CONTACTS = (ADA, GRACE, MUTE, DESK)
TEAMS = (Team("net", "Network", "ada@example.com"), Team("ops", "Operations"), Team("hr", "Human", "Nobody"))
DIRECTORY = Directory(CONTACTS, (NIGHTS,), TEAMS)


def channels(action: str, whom: str) -> tuple[str, ...]:
    return DIRECTORY.find(action, whom, NOON).channels


def reason(action: str, whom: str) -> str:
    found = DIRECTORY.find(action, whom, NOON)
    assert found.channels == ()
    return found.reason


@pytest.mark.parametrize("whom", ["con_ada", "Ada Lovelace", " ada lovelace ", "ADA@example.com"])
@pytest.mark.parametrize("action", ["notify_contact", "notify_team_lead", "escalate"])
def test_a_contact_is_meant_by_id_name_or_address(action: str, whom: str) -> None:
    """A contact is meant by its id, by one of its addresses or by its name, in any case."""
    assert channels(action, whom) == ("email:con_ada", "webhook:con_ada")


def test_a_group_means_its_own_addresses_and_all_its_members() -> None:
    assert channels("notify_contact", "Network") == ("email:con_desk", "email:con_ada", "webhook:con_ada")


def test_of_two_contacts_of_one_name_both_are_told() -> None:
    twins = Directory((ADA, contact("con_2", "ada lovelace", ("email", "other@example.com"))))
    found = twins.find("notify_contact", "Ada Lovelace", NOON)
    assert found.channels == ("email:con_ada", "webhook:con_ada", "email:con_2")


@pytest.mark.parametrize("whom", ["onc_1", "nights"])
def test_an_on_call_is_meant_by_id_or_name_and_both_addresses_of_whoever_has_it_are_told(whom: str) -> None:
    assert channels("notify_on_call", whom) == ("email:con_grace", "email:con_grace.2")


def test_a_team_means_its_lead_and_the_contact_that_is_called_so_itself() -> None:
    assert channels("warn_team", "Network") == ("email:con_ada", "webhook:con_ada", "email:con_desk")
    assert channels("warn_team", "net") == ("email:con_ada", "webhook:con_ada")
    assert channels("warn_team", "grace") == ("email:con_grace", "email:con_grace.2")


def test_a_mail_address_that_no_contact_has_is_its_own_name() -> None:
    found = DIRECTORY.find("escalate", "boss@example.com", NOON)
    assert [one.to_json() for one in found.people] == [{"id": None, "name": "boss@example.com"}]


def test_without_a_mail_server_a_mail_address_is_nobody() -> None:
    silent = Directory(CONTACTS, teams=TEAMS, writes_mail=False)
    found = silent.find("escalate", "boss@example.com", NOON)
    assert (found.people, found.reason) == (
        (),
        "boss@example.com is no contact's, and no mail is sent without SLA_SMTP_HOST and SLA_SMTP_FROM",
    )
    assert silent.find("escalate", "ada@example.com", NOON).channels == ("email:con_ada", "webhook:con_ada")


def test_whoever_is_nobody_is_said_to_be() -> None:
    assert reason("notify_contact", "Tier1") == "no contact is known as Tier1"
    assert reason("notify_contact", "Mute") == "Mute has no address"
    assert reason("notify_on_call", "days") == "there is no on-call days"
    assert reason("warn_team", "Moon") == "no team and no contact is known as Moon"
    assert reason("warn_team", "Operations") == "team Operations has no lead, and no contact is known as Operations"
    assert (
        DIRECTORY.find("notify_on_call", "Nights", parse("2026-03-01T00:00:00Z")).reason
        == "nobody is on call in Nights"
    )


def by_feed(summary: str, *attendees: str) -> Reach:
    one = OnCall.from_json({"id": "onc_f", "name": "Fed", "timezone": "UTC"})
    event = FeedEvent(parse("2026-03-04T00:00:00Z"), parse("2026-03-05T00:00:00Z"), summary, attendees)
    return Directory(CONTACTS, (Rota(one, [event], CONTACTS),)).find("notify_on_call", "onc_f", NOON)


def test_an_event_names_contacts_by_its_attendees_or_by_its_summary() -> None:
    ada, grace = ("email:con_ada", "webhook:con_ada"), ("email:con_grace", "email:con_grace.2")
    assert by_feed("On call: Ada Lovelace (primary)").channels == ada
    assert by_feed("ada@example.com, Grace").channels == (*ada, *grace)
    assert by_feed("Ada Lovelace covers", "mailto:grace@example.com", "grace@example.com").channels == grace
    assert by_feed("Disgraceful weather").reason == (
        "nobody is on call in Fed: the feed says 'Disgraceful weather', which names no contact"
    )


def test_an_address_keeps_its_name_as_long_as_the_contact_has_it() -> None:
    first = numbered([Given("email", "a@x.org"), Given("email", "b@x.org"), Given("webhook", "https://x.org")], "con_1")
    assert [one.name_of("con_1") for one in first] == ["email:con_1", "email:con_1.2", "webhook:con_1"]
    swapped = numbered([Given(kept="email:con_1.2"), Given("email", "a@x.org")], "con_1", first)
    assert [(one.number, one.address) for one in swapped] == [(2, "b@x.org"), (1, "a@x.org")]
    signed = [Address("webhook", 1, "https://x.org", ("whsec_old",))]
    [moved] = numbered([Given("webhook", "https://y.org")], "con_1", signed)
    assert (moved.name_of("con_1"), moved.secrets) == ("webhook:con_1", ("whsec_old",))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("addresses", {}),
        ("addresses", [{"channel": "email", "address": f"{n}@x.org"} for n in range(11)]),
        ("addresses[0]", ["x"]),
        ("addresses[0].channel", [{"address": "a@x.org"}]),
        ("addresses[0].address", [{"channel": "email"}]),
        ("addresses[0].address", [{"channel": "email", "address": "x" * 2001}]),
        ("addresses[0].id", [{"id": "email:con_1", "address": "a@x.org"}]),
        ("addresses[0].id", [{"id": "email:con_9"}]),
        ("addresses[1]", [{"channel": "email", "address": "a@x.org"}] * 2),
    ],
)
def test_what_is_no_list_of_addresses_is_refused_by_its_place(field: str, value: object) -> None:
    with pytest.raises(InvalidValue) as refusal:
        numbered(given_addresses(value), "con_1")
    assert refusal.value.field == field
    assert "xxx" not in refusal.value.message


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("members", {"members": ["con_2"]}),
        ("members", {"kind": "group", "members": ["con_1"]}),
        ("kind", {"kind": "robot"}),
        ("name", {"name": " "}),
        ("timezone", {"timezone": "Mars/Base"}),
        ("contact.phone", {"phone": "1"}),
    ],
)
def test_what_is_no_contact_is_refused_by_its_field(field: str, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Contact.from_json({"id": "con_1", "name": "Ada", **changes})
    assert refusal.value.field == field


def policy(*actions: dict[str, str], **fields: object) -> Policy:
    steps = [{"id": "esc_1", "trigger": "breached", "actions": list(actions)}] if actions else []
    return Policy.from_json({"id": "sla_1", "name": "Quick", "escalations": steps, **fields})


def test_a_policy_is_told_whom_it_names_in_vain() -> None:
    named = policy(
        {"type": "notify_contact", "contact": "Tier1"},
        {"type": "notify_contact", "contact": "Ada Lovelace"},
        {"type": "notify_on_call", "on_call": "days"},
        {"type": "notify_team_lead"},
    )
    found = {
        (one.field.removeprefix("escalations[0].actions"), one.value): one.reason
        for one in lints(named, DIRECTORY, NOON)
    }
    assert found == {
        ("[0].contact", "Tier1"): "no contact is known as Tier1",
        ("[2].on_call", "days"): "there is no on-call days",
        ("[3]", "ops"): "team Operations has no lead",
        ("[3]", "Nobody"): "the lead of team Human: no contact is known as Nobody",
    }
    assert lints(policy({"type": "notify"}), Directory(), NOON) == ()
    [alone] = lints(policy({"type": "notify_team_lead"}), Directory(), NOON)
    assert alone.reason == "there is no team yet, so no ticket has a lead"


def test_a_policy_of_scrubbe_is_told_of_its_contact_and_its_team() -> None:
    named = policy(origin="v1", escalation_contact="Tier1", applicable_team="Moon")
    assert {one.field for one in lints(named, DIRECTORY, NOON)} == {"escalation_contact", "applicable_team"}
    assert (
        lints(policy(origin="v1", escalation_contact="boss@example.com", applicable_team="net"), DIRECTORY, NOON) == ()
    )


def test_an_address_that_is_gone_reaches_nobody_until_it_is_given_anew() -> None:
    here, gone = Address("email", 1, "ada@example.com"), Address("webhook", 1, "https://x.org", gone="answered 410")
    both, alone = (Contact("con_a", "Ada", addresses=every) for every in ((here, gone), (gone,)))
    assert Directory([both]).find("notify_contact", "Ada", NOON).channels == ("email:con_a",)
    reach = Directory([alone]).find("notify_contact", "Ada", NOON)
    assert (reach.people, reach.reason) == ((), "Ada has no address that is not gone (answered 410)")
    [kept] = numbered([Given(kept="webhook:con_a")], "con_a", [gone])
    [anew] = numbered([Given("webhook", "https://x.org")], "con_a", [gone])
    assert (kept.gone, anew.gone) == ("answered 410", "")
    assert Address.from_json(gone.to_json()) == gone
