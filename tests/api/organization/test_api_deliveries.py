from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from channels.wording.sample import SAMPLES
from domain.instants import Instant
from domain.record.deliveries import DeliveryKey
from domain.record.records import DEAD, DELIVERED
from store.deliveries.attempts import FailedAttempts
from tests.api.lists.test_every_list import is_read_in_every_order, sorts_of
from tests.store.deliveries.test_the_log import DESK, key_of, sent, told
from tests.store.samples import a_step, an_opening

DELIVERIES = "/api/v2/sla/deliveries"


async def logged(api: Any, *, subject: str = "42", status: str = DELIVERED, **notice: Any) -> dict[str, Any]:
    stub = sent({"id": ""}, status=status)
    store = api.dependencies.store
    return await told(store, stub, subject=subject, organization=api.organization, notice=notice)


def id_of(notice: dict[str, Any], channel: str | None = DESK) -> str:
    return key_of(notice, channel).id


async def test_a_delivery_is_shown_with_all_its_times(api: Any) -> None:
    notice = await logged(api)
    answer = (await api.get("/deliveries")).json()
    (one,) = answer["data"]
    assert one == {
        "id": id_of(notice),
        "notice_id": notice["id"],
        "type": "halfway",
        "channel": DESK,
        "state": "delivered",
        "instance_id": "inst_sla_ticket_42",
        "ticket_id": "42",
        "policy_id": "sla_1",
        "escalation": None,
        "planned_at": "2026-03-02T09:30:00.123456Z",
        "fired_at": "2026-03-02T09:30:00.123456Z",
        "sent_at": "2026-03-02T09:30:00.123456Z",
        "taken_at": "2026-03-02T09:30:02.123456Z",
        "attempts": 1,
        "resends": 0,
        "error": None,
    }
    assert (answer["total"], answer["next_cursor"]) == (1, None)
    assert (await api.get(f"/deliveries/{one['id']}")).json() == one


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "dead"}, {"43"}),
        ({"state": ["dead", "delivered"]}, {"42", "43"}),
        ({"ticket_id": "42"}, {"42"}),
        ({"instance_id": "inst_sla_ticket_43"}, {"43"}),
        ({"conversation_id": "42"}, set()),
        ({"channel": "webhook", "receiver": "rcv_desk", "type": "halfway", "policy_id": "sla_1"}, {"42", "43"}),
        ({"channel": "email"}, set()),
        ({"since": "2026-03-02T10:00:00+01:00", "until": "2026-03-03T00:00:00Z"}, {"42", "43"}),
        ({"until": "2026-03-02T09:00:00Z"}, set()),
    ],
    ids=["dead", "settled", "ticket", "instance", "conversation", "several", "channel", "since", "until"],
)
async def test_the_log_is_filtered(api: Any, asked: dict[str, Any], found: set[str]) -> None:
    await logged(api)
    await logged(api, subject="43", status=DEAD)
    answer = await api.get("/deliveries", **asked)
    assert answer.status_code == 200, answer.text
    assert {one["ticket_id"] for one in answer.json()["data"]} == found


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("state", {"state": "lost"}),
        ("type[0]", {"type": "solved"}),
        ("instance_id", {"instance_id": "42"}),
        ("instance_id", {"instance_id": "inst_sla_ticket_42", "ticket_id": "42"}),
        ("since", {"since": "yesterday"}),
        ("until", {"since": "2026-03-02T10:00:00Z", "until": "2026-03-02T10:00:00Z"}),
        ("cursor", {"cursor": "WyJ4Il0"}),
        ("offset", {"cursor": "WyJ4Il0", "offset": 1}),
        ("status", {"status": "dead"}),
        ("sort", {"sort": "colour"}),
        ("sort", {"sort": "--fired_at"}),
        ("sort", {"sort": ["state", "type"]}),
    ],
    ids=str,
)
async def test_a_filter_that_makes_no_sense_is_named(api: Any, field: str, asked: dict[str, Any]) -> None:
    answer = await api.get("/deliveries", **asked)
    assert answer.status_code == 422
    assert answer.json()["field"].startswith(field), answer.text


async def test_pages_go_on_behind_their_cursor_and_exports_hold_all(api: Any) -> None:
    for number in range(5):
        await logged(api, subject=str(number))
    first = (await api.get("/deliveries", limit=3)).json()
    rest = (await api.get("/deliveries", limit=3, cursor=first["next_cursor"])).json()
    seen = [one["ticket_id"] for one in (*first["data"], *rest["data"])]
    assert (seen, rest["next_cursor"]) == (["4", "3", "2", "1", "0"], None)
    table = await api.http.get(DELIVERIES, headers={"Accept": "text/csv"})
    assert [row["ticket_id"] for row in csv.DictReader(io.StringIO(table.text))] == seen
    lines = await api.http.get(DELIVERIES, headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line)["ticket_id"] for line in lines.text.splitlines()] == seen


async def test_the_log_is_sorted_by_whatever_it_shows(api: Any) -> None:
    """Entries of several states, of which one is on its way to no channel that is known yet."""
    store, organization = api.dependencies.store, api.organization
    for number, status in enumerate((DELIVERED, DEAD, DELIVERED)):
        await logged(api, subject=str(number), status=status, minutes=30 + number)
    retried = await told(store, subject="6", organization=organization, notice={"milestone": "breached"})
    began = Instant(0)
    await store.attempts.add([FailedAttempts(key_of(retried), 12, began, Instant(1), "answered 503")])
    await told(store, subject="7", organization=organization, notice={"policy": {"id": "sla_2"}, "minutes": 45})
    names = await sorts_of(api, "/deliveries")
    shown = (await api.get("/deliveries")).json()["data"][0]
    # An id is the notice and the channel, written as one word.
    assert set(names) == {*shown, "conversation_id", "incident_id"} - {"id"}
    await is_read_in_every_order(api, "/deliveries", names)
    assert [one["attempts"] for one in (await api.get("/deliveries", sort="-attempts")).json()["data"]] == [
        *(12, 1, 1, 1, 0)
    ]
    table = await api.http.get(DELIVERIES, params={"sort": "-attempts"}, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["attempts"] for row in rows] == ["12", "1", "1", "1", "0"]
    assert set(shown) <= set(rows[0])
    cursor = (await api.get("/deliveries", sort="-attempts", limit=1)).json()["next_cursor"]
    for query in ({}, {"sort": "attempts"}, {"sort": "-state"}):
        refused = await api.get("/deliveries", cursor=cursor, **query)
        assert (refused.status_code, refused.json()["field"]) == (422, "cursor")


async def test_a_dead_letter_is_sent_once_more_and_what_is_on_its_way_is_not(api: Any) -> None:
    dead = await logged(api, status=DEAD)
    again = await api.post(f"/deliveries/{id_of(dead)}:resend")
    assert (again.status_code, again.json()["state"], again.json()["resends"]) == (202, "pending", 1)
    twice = await api.post(f"/deliveries/{id_of(dead)}:resend")
    assert (twice.status_code, twice.json()["code"]) == (409, "conflict")
    assert (await api.get("/deliveries", state="pending")).json()["total"] == 1


@pytest.mark.parametrize("id_", ["dlv_", "dlv_AAAA", "nonsense", "dlv_%00", "dlv_aW5zdA==", "dlv_" + "A" * 500])
async def test_what_is_no_delivery_is_not_found(api: Any, id_: str) -> None:
    assert (await api.get(f"/deliveries/{id_}")).status_code == 404
    assert (await api.post(f"/deliveries/{id_}:resend")).status_code == 404


async def test_the_dead_letters_of_a_receiver_are_sent_once_more(api: Any) -> None:
    for number in range(3):
        await logged(api, subject=str(number), status=DEAD)
    ask = {"receiver": "rcv_desk", "since": "2026-03-02T09:00:00Z"}
    answer = await api.post("/deliveries:resend", ask)
    assert (answer.status_code, answer.json()) == (202, {"resent": 3, "left": 0})
    assert (await api.post("/deliveries:resend", ask)).json() == {"resent": 0, "left": 0}
    for field, wrong in (("since", {**ask, "since": "now"}), ("receiver", {**ask, "receiver": ""})):
        refused = await api.post("/deliveries:resend", wrong)
        assert (refused.status_code, refused.json()["field"]) == (422, field)


async def test_whoever_may_only_read_sends_nothing_once_more(api: Any) -> None:
    dead = await logged(api, status=DEAD)
    key = (await api.post("/keys", {"name": "Reports", "scopes": ["sla:read"]})).json()["key"]
    less = {"headers": {"X-API-Key": key}}
    assert (await api.http.get(DELIVERIES, **less)).json()["total"] == 1
    assert (await api.http.post(f"{DELIVERIES}/{id_of(dead)}:resend", **less)).status_code == 403
    ask = {"receiver": "rcv_desk", "since": "2026-03-02T09:00:00Z"}
    assert (await api.http.post(f"{DELIVERIES}:resend", json=ask, **less)).status_code == 403


async def test_nothing_of_another_organizations_log_is_shown_or_sent(make_api: Any) -> None:
    owner, stranger = await make_api(), await make_api()
    dead = await logged(owner, status=DEAD)
    assert (await stranger.get("/deliveries")).json()["total"] == 0
    assert (await stranger.get(f"/deliveries/{id_of(dead)}")).status_code == 404
    assert (await stranger.post(f"/deliveries/{id_of(dead)}:resend")).status_code == 404
    ask = {"receiver": "rcv_desk", "since": "2026-03-02T09:00:00Z"}
    assert (await stranger.post("/deliveries:resend", ask)).json()["resent"] == 0
    assert (await owner.get("/deliveries", state="dead")).json()["total"] == 1
    seen = await stranger.post("/templates/email:preview", {"notice_id": dead["id"]})
    assert (seen.status_code, seen.json()["field"]) == (422, "notice_id")


async def test_analytics_tell_how_late_notices_were_by_channel(api: Any) -> None:
    await logged(api)
    await logged(api, subject="43", status=DEAD)
    retried = await told(api.dependencies.store, subject="44", organization=api.organization)
    began = Instant(0)
    key = replace(key_of(retried), channel="email:rcv_ada")
    await api.dependencies.store.attempts.add([FailedAttempts(key, 2, began, began, "451")])
    period = {"start_date": "2026-03-02", "end_date": "2026-03-02"}
    answer = (await api.get("/analytics/deliveries", **period)).json()
    webhook, email = answer["data"]
    late = {"p50": 2.0, "p95": 2.0, "p99": 2.0, "max": 2.0}
    assert (webhook["channel"], webhook["total"], webhook["delivered"], webhook["dead"]) == ("webhook", 2, 1, 1)
    assert (webhook["fired_to_taken_seconds"], webhook["planned_to_taken_seconds"]) == (late, late)
    assert (email["retried"], email["fired_to_taken_seconds"]["p99"]) == (1, None)
    table = await api.http.get(
        "/api/v2/sla/analytics/deliveries", params={**period, "channel": "webhook"}, headers={"Accept": "text/csv"}
    )
    (row,) = csv.DictReader(io.StringIO(table.text))
    assert (row["channel"], row["dead"], row["fired_to_taken_p99_seconds"]) == ("webhook", "1", "2.0")


# Templates

TEMPLATES = "/api/v2/sla/templates"


async def put(api: Any, channel: str = "email", **parts: Any) -> Any:
    return await api.http.put(f"{TEMPLATES}/{channel}", json=parts)


async def test_templates_are_kept_and_shown_beside_the_built_in_ones(api: Any) -> None:
    before = (await api.get("/templates/email")).json()
    assert (before["templates"], before["updated_at"]) == ({}, None)
    assert list(before["builtin"]) == ["subject", "text", "html"]
    kept = await put(api, subject="{{ ticket.id }} {{ state }}")
    assert (kept.status_code, kept.json()["templates"]) == (200, {"subject": "{{ ticket.id }} {{ state }}"})
    assert (await api.get("/templates/email")).json() == kept.json()
    assert (await api.http.delete(f"{TEMPLATES}/email")).status_code == 204
    assert (await api.get("/templates/email")).json() == before
    assert (await api.http.delete(f"{TEMPLATES}/email")).status_code == 404


async def test_what_cannot_be_rendered_is_refused_with_its_line_and_not_kept(api: Any) -> None:
    wrong = "{{ ticket.id }}\n{% for one in ticket %}{{ one }}{% endfor %}"
    for answer in (
        await put(api, text=wrong),
        await api.post("/templates/email:preview", {"templates": {"text": wrong}}),
    ):
        assert (answer.status_code, answer.json()["field"]) == (422, "templates.text")
        assert "line 2: a template must not loop" in answer.json()["detail"]
    assert (await api.get("/templates/email")).json()["templates"] == {}


@pytest.mark.parametrize(
    ("channel", "parts", "status", "field"),
    [
        ("pigeon", {"text": "x"}, 404, "channel"),
        ("log", {"text": "x"}, 404, "channel"),
        ("webhook", {"text": "x"}, 422, "channel"),
        ("apprise", {"html": "x"}, 422, "templates"),
        ("email", {}, 422, "templates"),
        ("email", {"text": ""}, 422, "templates.text"),
        ("email", {"text": "x" * 20_001}, 422, "templates.text"),
        ("email", {"text": "{{ due.at }}"}, 422, "templates.text"),
        ("email", {"footer": "x"}, 422, "footer"),
    ],
)
async def test_templates_that_fit_no_channel_are_refused_by_name(
    api: Any, channel: str, parts: dict[str, str], status: int, field: str
) -> None:
    answer = await put(api, channel, **parts)
    assert (answer.status_code, answer.json()["field"]) == (status, field), answer.text


async def test_a_preview_shows_a_sample_of_any_type_and_what_was_sent(api: Any) -> None:
    given = {"templates": {"subject": "{{ ticket.id }} {{ state }} {{ planned.at }}"}, "timezone": "Asia/Tokyo"}
    sample = (await api.post("/templates/apprise:preview", {**given, "type": "at_risk"})).json()
    assert (sample["subject"], sample["html"], sample["problem"]) == ("42 at risk 23:33", None, None)
    refused = await api.post("/templates/apprise:preview", {"type": "solved"})
    assert (refused.status_code, refused.json()["field"]) == (422, "type")
    zone = await api.post("/templates/apprise:preview", {"timezone": "Mars/Base"})
    assert (zone.status_code, zone.json()["field"]) == (422, "timezone")
    await put(api, subject="{{ ticket.id }} is {{ state }}")
    assert (await api.post("/templates/email:preview", {})).json()["subject"] == "42 is breached"


async def test_a_preview_shows_a_notice_that_was_sent_and_says_what_it_does_not_fit(api: Any) -> None:
    opening = an_opening(organization=api.organization)
    sample: dict[str, Any] = json.loads(json.dumps(SAMPLES["pause_too_long"]))
    own = {"id": f"{api.organization}/{opening.instance_id}/-/1/pause/1", "source": f"/sla/{api.organization}"}
    notice = {**sample, **own, "subject": opening.instance_id}
    notice["data"]["ticket"]["ticket_id"] = "4711"
    await api.dependencies.store.instances.apply(opening)
    await api.dependencies.store.instances.apply(a_step(opening, 2, notices=(notice,)))
    ask = {"notice_id": notice["id"], "templates": {"subject": "{{ ticket.id }} {{ state }}"}}
    seen = (await api.post("/templates/email:preview", ask)).json()
    assert (seen["subject"], seen["problem"]) == ("4711 paused too long", None)
    assert "4711" in seen["html"]
    # Kept by a version that knew a name more.
    await api.dependencies.store.templates.put(api.organization, "email", {"subject": "{{ ticket.floor }}"})
    refused = await api.post("/templates/email:preview", {"notice_id": notice["id"]})
    assert (refused.status_code, refused.json()["field"]) == (422, "templates.subject")
    assert "line 1" in refused.json()["detail"]


async def test_only_an_administrator_says_in_which_words_channels_speak(api: Any) -> None:
    key = (await api.post("/keys", {"name": "Desk", "scopes": ["sla:read", "sla:write"]})).json()["key"]
    less = {"headers": {"X-API-Key": key}}
    assert (await api.http.get(f"{TEMPLATES}/email", **less)).status_code == 200
    assert (await api.http.put(f"{TEMPLATES}/email", json={"text": "x"}, **less)).status_code == 403
    assert (await api.http.delete(f"{TEMPLATES}/email", **less)).status_code == 403


async def test_only_an_administrator_connects_a_ticket_system(api: Any) -> None:
    made = (await api.post("/sources", {"kind": "github"})).json()
    key = (await api.post("/keys", {"name": "Desk", "scopes": ["sla:read", "sla:write"]})).json()["key"]
    less = {"headers": {"X-API-Key": key}}
    path = f"/api/v2/sla/sources/{made['id']}"
    assert (await api.http.get(path, **less)).status_code == 200
    assert (await api.http.post("/api/v2/sla/sources", json={"kind": "github"}, **less)).status_code == 403
    assert (await api.http.patch(path, json={"enabled": False}, **less)).status_code == 403
    assert (await api.http.delete(path, **less)).status_code == 403


def test_an_id_says_which_entry_it_is() -> None:
    key = DeliveryKey("acme", "inst_sla_ticket_42", "acme/inst_sla_ticket_42/resolution:ö/1/halfway/1", "email:con_1")
    assert DeliveryKey.parse("acme", key.id) == key
    none = replace(key, channel=None)
    assert DeliveryKey.parse("acme", none.id) == none
