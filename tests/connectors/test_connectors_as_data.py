"""The part of a mapping that says how to write back: usable by an administrator, each fault refused by its place."""

from __future__ import annotations

from typing import Any

import pytest

from domain.errors import InvalidValue
from sources.connectors import Answer, Connection, Order, Request, carry_out
from sources.hooks import mapping_from
from tests.sources.hooks.mappings import a_mapping

DESK: dict[str, Any] = {
    "base_url": "https://desk.example.com",
    "auth": [{"scheme": "header", "header": "X-Token"}],
    "names": {"number": "ticket"},
    "check": {"request": {"path": "/me"}, "who": "answer.name"},
    "writes": {
        "add_tag": {"method": "POST", "path": "/tickets/{number}/tags", "body": {"tag": "value", "loud": True}},
        "reassign": {
            "setting": "teams",
            "others": "refuse",
            "requests": [
                {"path": "/groups", "query": {"q": "value"}, "keep": "groups"},
                {
                    "method": "PUT",
                    "path": "/tickets/{number}/group/{group}",
                    "needs": {"group": "pick(answers.groups, 'name', value).id"},
                },
            ],
        },
    },
}
TEAMS = {"teams": {"type": "table", "about": "Groups."}}


def mapping(**changes: Any) -> Any:
    return mapping_from(a_mapping(settings=TEAMS, connector={**DESK, **changes}))


def asked(action: str, value: str, *answers: Any, ticket: str = "a/7", **settings: Any) -> list[Request]:
    """The requests of an order, answered in turn."""
    connection = Connection(mapping().connector, {"teams": {}, **settings})
    steps, requests = carry_out(connection, Order(action, value, "k"), ticket), []
    left = list(answers)
    try:
        requests.append(next(steps))
        while True:
            requests.append(steps.send(Answer(left.pop(0) if left else None)))
    except StopIteration:
        return requests


def test_an_administrator_says_how_to_write_to_a_system_that_is_not_shipped() -> None:
    assert asked("add_tag", "late") == [Request("POST", "/tickets/a%2F7/tags", {}, {"tag": "late", "loud": True})]
    groups = [{"name": "Night", "id": 3}, {"name": "Day shift", "id": 4}]
    found = asked("reassign", "network", groups, teams={"day shift": "network"})
    assert [(one.method, one.path) for one in found] == [("GET", "/groups"), ("PUT", "/tickets/a%2F7/group/4")]


WRONG = [
    ({"writes": {"page": {"path": "/x"}}}, "must be of reassign"),
    ({"writes": {"add_tag": {"path": "/x/{nobody}"}}}, "writes.add_tag.requests[0].path must be made of"),
    ({"writes": {"add_tag": {"path": "no-slash"}}}, "connector.writes.add_tag"),
    ({"writes": {"add_tag": {"method": "DELETE", "path": "/x"}}}, "must be one of 'GET', 'POST'"),
    ({"writes": {"add_tag": {"path": "/x", "body": {"a": "b("}}}}, "must be a JMESPath expression"),
    ({"writes": {"comment": {"requests": {"path": "/x"}, "done": "answer"}}}, "must have both unless and done"),
    ({"writes": {"reassign": {"requests": {"path": "/x"}, "setting": "groups"}}}, "must name a table of settings"),
    ({"auth": []}, "connector.auth"),
    ({"auth": [{"scheme": "oauth"}]}, "must be one of 'bearer'"),
    ({"colour": "red"}, "is not known here (known: auth, backfill"),
]


@pytest.mark.parametrize(("changes", "reason"), WRONG, ids=[str(index) for index in range(len(WRONG))])
def test_a_connector_that_makes_no_sense_is_refused_by_its_place(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        mapping(**changes)
    assert str(refused.value).startswith("mapping.connector") or "connector" in str(refused.value)
    assert reason in str(refused.value)
