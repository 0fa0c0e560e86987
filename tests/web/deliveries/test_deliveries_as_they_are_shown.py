"""Deliveries in words, whom channels mean, and what the address may say. Pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.errors import InvalidValue
from domain.instants import SECOND, Instant, Micros, parse
from domain.record.deliveries import DeliveryKey, DeliveryState
from store.analytics.lateness import ChannelFigures, Lateness
from store.deliveries.log import DeliveryPage, LoggedDelivery
from web.pages.deliveries.actions import resent
from web.pages.deliveries.filters import LogFilters
from web.pages.deliveries.names import Named, Names
from web.pages.deliveries.reading import Found
from web.pages.deliveries.rows import notice_words, row_of
from web.pages.deliveries.view import log_of
from web.pages.moments import as_typed, typed_instant

KEY = DeliveryKey("acme", "inst_sla_ticket_42", "acme/inst_sla_ticket_42/resolution/1/breached/1", "webhook:rcv_1")
DEAD = LoggedDelivery(
    key=KEY,
    type="breached",
    policy_id="sla_1",
    state=DeliveryState.DEAD,
    planned_at=Instant(0),
    fired_at=Instant(SECOND),
    sent_at=Instant(2 * SECOND),
    taken_at=None,
    attempts=3,
    error="answered 410",
    resends=1,
)
NAMES = Names({"rcv_1": Named("Duty desk", "/settings/receivers/rcv_1"), "src_1": Named("GitHub")})


@pytest.mark.parametrize(
    ("notice_id", "type_", "said"),
    [
        ("a/i/first_response/1/halfway/1", "halfway", "first response: halfway"),
        ("a/i/resolution/2/at_risk/1", "at_risk", "resolution (2): at risk"),
        ("a/i/resolution/1/escalation:esc_1/3", "escalated", "resolution: escalated"),
        ("a/i/resolution/1/breached/1/withdrawn", "withdrawn", "resolution: breached, taken back"),
        ("a/i/resolution/1/escalation:esc_1/1/withdrawn", "withdrawn", "resolution: escalated, taken back"),
        ("a/i/-/1/pause_too_long:customer/1", "pause_too_long", "pause too long"),
        ("odd", "breached", ": breached"),
    ],
)
def test_a_notice_is_said_in_words(notice_id: str, type_: str, said: str) -> None:
    assert notice_words(notice_id, type_) == said


@pytest.mark.parametrize(
    ("type_", "said"),
    [("escalated", "resolution: escalated (Call Ada)"), ("withdrawn", "resolution: escalated (Call Ada), taken back")],
)
def test_an_escalation_is_named(type_: str, said: str) -> None:
    id_ = "default/inst_sla_ticket_42/resolution/1/escalation:esc_1/1"
    assert notice_words(id_, type_, "Call Ada") == said


def test_a_dead_letter_names_its_receiver_its_attempts_and_its_error_and_can_be_sent_again() -> None:
    row = row_of(DEAD, NAMES)
    assert (row.receiver.name, row.channel, row.subject) == ("Duty desk", "webhook", "ticket 42")
    assert (row.kind, row.attempts, row.resends, row.error) == ("bad", 3, 1, "answered 410")
    assert row.resend_at == f"/deliveries/{KEY.id}/resend"


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.RETRIED, DeliveryState.SKIPPED])
def test_what_is_on_its_way_or_was_for_nobody_is_not_sent_again(state: DeliveryState) -> None:
    assert row_of(replace(DEAD, state=state), NAMES).resend_at == ""


def test_what_a_connector_writes_is_a_ticket_system_and_not_sent_again() -> None:
    row = row_of(replace(DEAD, key=replace(KEY, channel="connector:src_1")), NAMES)
    assert (row.channel, row.receiver.name, row.resend_at) == ("ticket system", "GitHub", "")


def test_a_receiver_that_was_deleted_goes_by_its_id_and_what_has_none_by_its_channel() -> None:
    assert NAMES.of("email:rcv_gone") == ("email", Named("rcv_gone"))
    assert NAMES.of("log") == ("log", Named(""))
    assert NAMES.of(None) == ("", Named(""))


def test_what_is_not_taken_stands_first_and_links_to_itself() -> None:
    late = ChannelFigures(
        "webhook",
        {DeliveryState.DELIVERED: 2, DeliveryState.DEAD: 1},
        Lateness({"p50": Micros(42_000), "p95": Micros(61 * SECOND)}, {"p95": Micros(2 * SECOND)}),
    )
    found = Found({DeliveryState.DEAD: 1}, DeliveryPage([DEAD], 7, None), DeliveryPage((), 0, None), "", [late], NAMES)
    log = log_of(found, LogFilters(receiver=["rcv_1"]))
    assert [row.state for row in log.open] == ["dead"]
    assert log.open_at == "/deliveries?state=pending&state=retried&state=dead&receiver=rcv_1"
    assert log.counts[0].href == "/deliveries?state=dead&receiver=rcv_1"
    assert (log.lateness[0].shares[:2], log.lateness[0].total) == (["0.042 s", "1 min"], 3)
    assert (log.empty, log.csv) == ("", "/deliveries/deliveries.csv?receiver=rcv_1")


def test_an_empty_log_says_whether_filters_are_to_blame() -> None:
    nothing = Found({}, None, DeliveryPage((), 0, None), "", [], NAMES)
    assert log_of(nothing, LogFilters()).empty == "No notice yet"
    assert log_of(nothing, LogFilters(state=["dead"])).empty == "Nothing matches"


def test_times_without_an_offset_are_of_the_organizations_zone() -> None:
    filters = LogFilters(since="2026-03-02T10:00", until="2026-03-02T10:00:00Z", state=["", "dead"])
    narrowed = filters.narrowed("Europe/Berlin")
    assert (narrowed.since, narrowed.until) == (parse("2026-03-02T09:00:00Z"), parse("2026-03-02T10:00:00Z"))
    assert narrowed.states == [DeliveryState.DEAD]
    assert as_typed(typed_instant("2026-03-02T09:00:00Z", "since", "UTC"), "Europe/Berlin") == "2026-03-02T10:00"


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("state[0]", {"state": ["lost"]}),
        ("type[0]", {"type": ["solved"]}),
        ("since", {"since": "soon"}),
        ("until", {"since": "2026-03-02T10:00", "until": "2026-03-02T10:00"}),
        ("instance_id", {"instance_id": ["42"]}),
        ("instance_id", {"instance_id": ["inst_sla_ticket_42"], "ticket_id": ["42"]}),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(field: str, given: dict[str, object]) -> None:
    with pytest.raises(InvalidValue) as refusal:
        LogFilters.model_validate(given).narrowed("UTC")
    assert refusal.value.field == field


def test_how_many_are_sent_again_is_said() -> None:
    assert resent(0, 0) == "Nothing was given up since then."
    assert resent(1, 0) == "1 notice is sent once more within seconds."
    assert resent(1000, 3) == "1000 notices are sent once more within seconds. 3 are left: send again."
