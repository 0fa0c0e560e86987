"""A mapping that makes no sense is refused by its path, with the value and what would be valid."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidValue, InvalidValues
from sources.hooks import Outcome, Source, mapping_from, read_mapping, vendor, vendor_text, vendors
from tests.sources.hooks.mappings import a_mapping, a_source, tell


def refusal(**changes: Any) -> str:
    with pytest.raises(InvalidValue) as refused:
        mapping_from(a_mapping(**changes))
    return str(refused.value)


HMAC = {"scheme": "hmac", "header": "X-Signature"}
WRONG = [
    ({"colour": "red"}, "mapping.colour", "is not known here (known: actor, adopt, challenge, connector, each,"),
    ({"name": "Not A Name"}, "mapping.name", "string should match pattern"),
    ({"verify": []}, "mapping.verify", "must have at least one scheme"),
    ({"verify": [{"scheme": "magic"}]}, "mapping.verify[0]", "'hmac', 'token', 'basic', 'none'"),
    (
        {"verify": [{**HMAC, "hash": "md5"}]},
        "mapping.verify[0].hash",
        "must be one of 'sha1', 'sha256' or 'sha512', got 'md5'",
    ),
    (
        {"verify": [{**HMAC, "signed": "{body}{moon}"}]},
        "mapping.verify[0].signed",
        "{body}, {timestamp}, {method}, {uri}, {id}",
    ),
    ({"verify": [{**HMAC, "signed": "{timestamp}{body}"}]}, "mapping.verify[0]", "must say in timestamp where"),
    ({"verify": [{**HMAC, "signed": "x"}]}, "mapping.verify[0].signed", "must sign the {body}"),
    ({"verify": [{**HMAC, "timestamp": {"header": "X-T"}}]}, "mapping.verify[0]", "what is not signed proves nothing"),
    ({"verify": [{"scheme": "token"}]}, "mapping.verify[0]", "a header or in a query parameter"),
    ({"verify": [{"scheme": "none", "by_default": True}]}, "mapping.verify[0].by_default", "must be one of False"),
    ({"verify": [HMAC, HMAC]}, "mapping.verify", "must name each of its schemes differently"),
    ({"event": "body.["}, "mapping.event.from", "must be a JMESPath expression"),
    ({"event": "!body.a.b"}, "mapping.event.from", "must have what ! negates in parentheses"),
    ({"event": 5}, "mapping.event", "5"),
    ({"id": "body.x(("}, "mapping.id", "must be a JMESPath expression"),
    (
        {"time": {"from": "body.at", "format": "stardate"}},
        "mapping.time[0].format",
        "iso, epoch_s, epoch_ms, epoch_us, epoch_ns",
    ),
    ({"time": {"from": "body.at", "zone": "Mars/Olympus"}}, "mapping.time[0].zone", "must be a time zone such as"),
    ({"ticket": {"fields": {}}}, "mapping.ticket.id", "must be given"),
    ({"ticket": {"id": "a", "kind": "parcel"}}, "mapping.ticket.kind", "'conversation', 'ticket' or 'incident'"),
    ({"ticket": {"id": "a", "fields": {"priority": "b"}}}, "mapping.ticket.fields", "it has a place of its own"),
    (
        {"state": {"from": "a", "table": {"x": "asleep"}}},
        "mapping.state",
        "new, open, in_progress, pending, solved, closed, cancelled, not asleep",
    ),
    ({"state": None}, "mapping", "must say in state where the status lies"),
    ({"events": {"x": "sung"}}, "mapping.events.x[0].tell", "opened, acknowledged, paused"),
    (
        {"events": {"x": {"tell": "resolved", "cause": "a"}}},
        "mapping.events.x[0]",
        "must not have cause: it is for paused and resumed",
    ),
    (
        {"events": {"x": {"tell": "reply", "publik": "a"}}},
        "mapping.events.x[0].publik",
        "(known: assume, automatic, cause, id, public",
    ),
    (
        {"settings": {"a": {"type": "colour", "about": "x"}}},
        "mapping.settings.a.type",
        "'text', 'list', 'table' or 'flag'",
    ),
    (
        {"settings": {"a": {"type": "list", "default": "x", "about": "x"}}},
        "mapping.settings.a",
        "a default that is a list",
    ),
    (
        {"ticket": {"id": "a", "priority": {"from": "b", "setting": "c"}}},
        "mapping",
        "ticket.priority.setting must name a table of settings",
    ),
    ({"actor": {"role": {"from": "a", "others": "guess"}}}, "mapping.actor.role.others", "default, keep, refuse"),
]


@pytest.mark.parametrize(
    ("changes", "path", "reason"), WRONG, ids=[f"{path}-{index}" for index, (_, path, _) in enumerate(WRONG)]
)
def test_a_fault_is_named_by_its_path_and_with_what_would_be_valid(
    changes: dict[str, Any], path: str, reason: str
) -> None:
    message = refusal(**changes)
    assert message.startswith(f"{path}: "), message
    assert reason in message, message


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(InvalidValues) as refused:
        mapping_from(a_mapping(id="(", title="", time="]"))
    assert [fault.field for fault in refused.value.faults] == ["mapping.title", "mapping.id", "mapping.time[0].from"]


@pytest.mark.parametrize("document", [None, 5, "text", [], {}, {"name": []}])
def test_what_is_no_mapping_is_refused(document: Any) -> None:
    with pytest.raises(InvalidValue):
        mapping_from(document)


def test_words_of_yaml_mean_what_they_say() -> None:
    """`no`, `on` and dates are texts, also as keys."""
    text = vendor_text("zammad").replace("{1 low: low,", "{no: low, on: high, 2026-01-01: low, 1 low: low,")
    priority = read_mapping(text).ticket.priority
    assert priority is not None
    assert priority.table is not None
    assert {"no", "on", "2026-01-01"} <= set(priority.table)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "must be YAML"),
        ("a: 1\na: 2", "the key 'a' is there twice"),
        ("!!python/object/apply:os.getcwd []", "must be YAML"),
        ("x" * 200_001, "must be at most 200000 characters long"),
        (
            "\n".join(
                [
                    "a: &a [x, x, x, x, x, x, x, x]",
                    *(f"{b}: &{b} [{', '.join(['*' + a] * 8)}]" for a, b in zip("abcdefg", "bcdefgh", strict=True)),
                ]
            ),
            "aliases written out",
        ),
        ("a: &a [*a]", "aliases written out"),
    ],
)
def test_a_text_that_is_no_yaml_or_grows_without_end_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        read_mapping(text)
    assert reason in str(refused.value)


@pytest.mark.parametrize("name", vendors())
def test_a_shipped_mapping_reads_and_bears_the_name_of_its_file(name: str) -> None:
    assert vendor(name).name == name
    assert all(setting.about.endswith((".", "cancelled).", "closed).")) for setting in vendor(name).settings.values())


def test_a_vendor_that_is_not_shipped_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidValue, match=r"kind: must be one of alertmanager, chatwoot, .*, got 'paper'"):
        vendor("paper")


def test_settings_of_a_source_are_those_of_its_mapping_and_of_their_type() -> None:
    assert Source(vendor("github")).settings["agent_associations"] == ["OWNER", "MEMBER", "COLLABORATOR"]
    with pytest.raises(InvalidValue, match=r"settings.labels: is not known here \(known: pause_labels, priorities"):
        Source(vendor("github"), {"labels": ["a"]})
    with pytest.raises(InvalidValue, match=r"settings.pause_labels: must be a list, got 'waiting'"):
        Source(vendor("github"), {"pause_labels": "waiting"})
    with pytest.raises(InvalidValue, match=r"verify_by\[0\]: must be one of signature, got 'none'"):
        Source(vendor("github"), verify_by=("none",))


def test_a_status_that_no_table_knows_is_set_aside_unless_the_mapping_passes_it_over() -> None:
    body = {"event": "status", "ticket": "7", "id": "1", "at": "2026-03-02T11:00:00Z", "status": "asleep"}
    refused = tell(a_source(), {}, body)
    assert (refused.outcome, refused.field) == (Outcome.SET_ASIDE, "state")
    assert refused.reason.startswith("must be one of new, open, waiting, done; the mapping or the settings can say")
    passed_over = tell(a_source(state={**a_mapping()["state"], "others": "default"}), {}, body)
    assert passed_over.outcome is Outcome.IGNORED
