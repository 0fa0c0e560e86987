"""What makers of clients and receivers take from the OpenAPI document: names, groups, examples, and the notices."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from domain.instants import MINUTE, Micros
from domain.plan.planning import plan
from domain.policy.escalations import EscalationRule
from domain.record.ledger import reconcile
from domain.record.notices import notice
from domain.ticket.events import Event
from domain.ticket.teams import Team
from tests.support.apps import openapi_document
from tests.support.builders import a_snapshot, at, opened, paused, promise

DOCUMENT = openapi_document()
OPERATIONS = [one for methods in DOCUMENT["paths"].values() for one in methods.values()]
SENT = {name: methods["post"] for name, methods in DOCUMENT["webhooks"].items()}
WITH_BODY = {one["operationId"]: one["requestBody"] for one in OPERATIONS if "requestBody" in one}


def faults(schema: Any, example: Any) -> list[str]:
    validator = jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]})
    return [f"{fault.instance_path}: {fault.message}" for fault in validator.iter_errors(example)]


def test_the_names_of_operations_read_well_and_no_two_are_alike() -> None:
    names = [one["operationId"] for one in (*OPERATIONS, *SENT.values())]
    assert len(names) == len(set(names)) > 80
    verbs = (
        "acknowledge|add|apply|archive|assign|cancel|change|create|delete|excuse|explain|export|get|import|list|pause|"
        "preview|receive|reopen|reorder|replace|resend|rotate|test|reset|resolve|resume|revoke|take|undo"
    )
    assert [name for name in names if not re.fullmatch(rf"({verbs})(_[a-z]+){{1,4}}", name)] == []
    assert {"list_instances", "create_ola_policy", "list_sla_policies", "receive_breached_notice"} <= set(names)


def test_every_group_of_operations_says_what_it_is_about() -> None:
    described = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}
    assert all(len(text) > 20 for text in described.values())
    assert {tag for one in (*OPERATIONS, *SENT.values()) for tag in one["tags"]} == set(described)


@pytest.mark.parametrize("name", sorted(WITH_BODY))
def test_every_body_has_an_example_that_is_as_its_schema_says(name: str) -> None:
    (media,) = WITH_BODY[name]["content"].values()
    examples = [
        *([media["example"]] if "example" in media else []),
        *(one["value"] for one in media.get("examples", {}).values()),
        *(one for schema in parts_of(media["schema"]) for one in schema.get("examples", [])),
        *(schema["example"] for schema in parts_of(media["schema"]) if "example" in schema),
    ]
    assert examples
    for example in examples:
        assert faults(media["schema"], example) == []


def parts_of(schema: dict[str, Any]) -> list[dict[str, Any]]:
    found = [schema, *schema.get("anyOf", [])]
    names = [one["$ref"].rpartition("/")[2] for one in found if "$ref" in one]
    return [*found, *(DOCUMENT["components"]["schemas"][name] for name in names)]


COMPARED = ("escalation", "withdraws", "because", "stopped_at", "budget_seconds", "used_seconds")
STEP = EscalationRule.from_json(
    {"id": "esc_1", "trigger": "breached", "delay_minutes": 15, "actions": [{"type": "notify_team_lead"}]}
)
SNAPSHOT = replace(a_snapshot(promise(minutes=90), escalations=(STEP,)), teams={"front": Team("front", "Front")})


LIMITED = a_snapshot(promise(minutes=90), pauses_at_most={"customer": Micros(10 * MINUTE)})


def sent(*late: Event) -> list[dict[str, Any]]:
    """The notices of a ticket that was promised in 90 minutes, asked at noon, and what the late events take back."""
    past = (opened("09:00"),)
    before = reconcile(plan(SNAPSHOT, past), (), at("12:00"))
    planned = plan(SNAPSHOT, (*past, *late))
    firings = (*before, *(reconcile(planned, before, at("12:05")) if late else ()))
    return [notice(SNAPSHOT.facts, planned, firing, (*past, *late)) for firing in firings]


def sent_of_a_long_pause() -> list[dict[str, Any]]:
    past = (opened("09:00"), paused("09:10", "customer"))
    planned = plan(LIMITED, past)
    return [notice(LIMITED.facts, planned, firing, past) for firing in reconcile(planned, (), at("09:20"))]


def every_notice() -> list[dict[str, Any]]:
    return [*sent(), *sent(paused("09:10")), *sent_of_a_long_pause()]


def test_every_notice_that_is_sent_is_described_as_it_is_sent() -> None:
    notices = every_notice()
    assert {one["type"] for one in notices} == set(SENT)
    for one in notices:
        (media_type,) = SENT[one["type"]]["requestBody"]["content"]
        assert media_type == "application/cloudevents+json"
        assert faults(SENT[one["type"]]["requestBody"]["content"][media_type]["schema"], one) == []
        assert set(one["data"]) <= set(DOCUMENT["components"]["schemas"]["NoticeData"]["properties"])


@pytest.mark.parametrize("name", sorted(SENT))
def test_the_example_of_a_notice_says_all_that_a_notice_says(name: str) -> None:
    media = SENT[name]["requestBody"]["content"]["application/cloudevents+json"]
    example = media["example"]
    (real, *_) = [one for one in every_notice() if one["type"] == name]
    assert faults(media["schema"], example) == []
    assert example["type"] == name
    assert (example.keys(), example["data"].keys()) == (real.keys(), real["data"].keys())
    assert all((example["data"][part] is None) == (real["data"][part] is None) for part in COMPARED)


def test_what_ends_a_notice_is_described_as_the_channel_takes_it() -> None:
    from channels.channel import REFUSALS  # noqa: PLC0415  # the API does not know the channels

    for operation in SENT.values():
        told = set(map(int, re.findall(r"\d{3}", operation["responses"]["default"]["description"])))
        assert told == REFUSALS
