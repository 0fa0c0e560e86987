"""docs/sources.md: its tutorial runs as it is written, and its tables name everything there is and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from domain.errors import InvalidValue
from sources.hooks import read_mapping, vendor, vendors
from sources.hooks.language.expressions import _Functions
from sources.hooks.language.mapping import TELLS, Rule, SourceMapping, StatePart, TicketPart
from sources.hooks.language.parts import Part, Time, Value

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sources.md").read_text()
SECTIONS = dict(re.findall(r"^##+ (.+?)\n(.*?)(?=^##+ |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TUTORIAL = SECTIONS["Map a system that is not shipped"]


def block(language: str, place: int = 0) -> str:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", TUTORIAL, re.DOTALL)
    return found[place]


def first_cells(section: str, table: int = 0) -> list[str]:
    """The code in the first cells of a table's rows."""
    tables = re.split(r"\n(?!\|)", SECTIONS[section])
    rows = [one for one in tables if one.lstrip().startswith("|")][table].strip().splitlines()[2:]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def keys(part: type[Part]) -> set[str]:
    return {field.alias or name for name, field in part.model_fields.items()}


def test_the_mistake_of_the_tutorial_is_refused_as_it_says() -> None:
    with pytest.raises(InvalidValue) as refused:
        read_mapping(block("yaml").replace("tell: reply", "tell: answered"), "gitea.yaml")
    assert str(refused.value) == block("text", 1).strip()


@pytest.mark.parametrize("name", vendors())
def test_a_shipped_vendor_has_a_row_and_all_its_settings(name: str) -> None:
    assert name in first_cells("Shipped vendors")
    rows = re.findall(rf"^\| `{name}` \| `(\w+)` \|", SECTIONS["Settings"], re.MULTILINE)
    assert rows == list(vendor(name).settings)


def test_no_vendor_has_a_row_that_is_not_shipped() -> None:
    assert first_cells("Shipped vendors") == list(vendors())


@pytest.mark.parametrize(
    ("section", "table", "part"),
    [
        ("A mapping", 0, keys(SourceMapping)),
        ("Values and times", 0, keys(Value)),
        ("Values and times", 1, keys(Time)),
        ("Schemes", 0, {"hmac", "token", "basic", "none"}),
        ("Ticket, actor and state", 0, keys(TicketPart)),
        ("Ticket, actor and state", 1, {"name", "role"}),
        ("Ticket, actor and state", 2, keys(StatePart) - keys(Value)),
        ("Rules", 0, keys(Rule)),
        ("The language", 0, {"body", "item", "headers", "query", "settings", "before"}),
    ],
)
def test_the_reference_names_every_key_and_no_other(section: str, table: int, part: set[str]) -> None:
    assert set(first_cells(section, table)) == part


def test_the_reference_names_every_function_and_everything_that_can_be_told() -> None:
    functions = {name.removeprefix("_func_") for name in vars(_Functions) if name.startswith("_func_")}
    assert {name.split("(")[0] for name in first_cells("The language", 1)} == functions
    told = next(line for line in SECTIONS["Rules"].splitlines() if line.startswith("| `tell`"))
    assert set(re.findall(r"`(\w+)`", told.split("|", 2)[2])) == set(TELLS)


@pytest.mark.parametrize("heading", ["Freshdesk", "Zendesk triggers"])
def test_a_template_is_json_once_its_placeholders_are_filled(heading: str) -> None:
    (template,) = re.findall(r"```text\n(.*?)```", SECTIONS[heading], re.DOTALL)
    document: dict[str, Any] = json.loads(re.sub(r"\{\{[^}]*\}\}", "x", template))
    assert document["ticket_id"] == "x"
