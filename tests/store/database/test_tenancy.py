"""Every statement of the store is about one organization, unless it is named here.

Both checks read the source. One finds columns `organization` that are used without `own`. The other finds statements
that no `own` narrows: neither where they stand, nor in what they refer to.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import sql

from store.schema.tables import metadata, organizations, policies
from store.schema.tenancy import own

STORE = Path(__file__).parents[3] / "store"
ROOT = STORE.parent

ACROSS_ORGANIZATIONS = {
    "store/access/idempotent_requests.py:_purge": "what is older than a day goes, whoever it belongs to",
    "store/instances/event_outcomes.py:_SQLITE": "one look for all who wait; each key has its organization",
    "store/instances/event_outcomes.py:_POSTGRESQL": "as _SQLITE",
    "store/instances/changes.py:_by_number": "one look for the browsers of all organizations",
    "store/instances/changes.py:_by_transaction": "as _by_number",
    "store/instances/whole_lists.py:_others": "how many rows are not of the list; none is read",
    "store/instances/upkeep.py:_COLUMNS": "the engine looks after the instances of all organizations",
    "store/instances/upkeep.py:_ADDRESS": "an instance is found by its organization and its id together",
    "store/instances/upkeep.py:ongoing": "pages of all that goes on, in the order of organizations",
    "store/instances/upkeep.py:gapped": "every instance that lacks a step is filled",
    "store/people/on_calls.py:due_feeds": "a worker reads the feeds of all organizations",
    "store/sources/settling.py:ready": "a worker looks after the sources of all organizations",
}
"""Places that name a column `organization` without `own`, and why they may."""

NARROWED_BY_NOTHING = {
    "store/instances/changes.py:_by_number": "one look for the browsers of all organizations",
    "store/instances/changes.py:_by_transaction": "as _by_number",
    "store/access/keys.py:Keys.ensure": "the key itself says whose it is; one of another organization is refused",
    "store/access/keys.py:Keys.any": "the engine asks whether anybody has a key",
    "store/access/organizations.py:Organizations.demo_of": "an organization asks for the demo that is its own",
    "store/access/removal.py:Removal.begun": "the engine goes on with whatever is being taken away",
    "store/access/organizations.py:Organizations.list": "the command line lists all organizations",
    "store/instances/upkeep.py:Upkeep.ongoing": "the engine looks after the instances of all organizations",
    "store/instances/upkeep.py:Upkeep.recorded": "instances of several organizations, by their whole addresses",
    "store/instances/upkeep.py:Upkeep.gapped": "as ongoing",
    "store/instances/upkeep.py:Upkeep.overdue": "as ongoing",
    "store/instances/upkeep.py:Upkeep.overdue_instances": "as ongoing",
    "store/instances/upkeep.py:Upkeep.compared_at": "of one row for the whole store",
    "store/instances/upkeep.py:Upkeep.has_been_compared": "as compared_at",
    "store/instances/upkeep.py:Upkeep.write": "as compared_at",
    "store/deliveries/entries.py:_subject": "a column of entries, which are narrowed themselves",
    "store/sources/bodies.py:HookBodies.prune": "what is older than a month goes, whoever it belongs to",
    "store/sources/settling.py:Settling.forget": "as prune, after a year",
    "store/sources/writes.py:Writes.prune": "as prune",
    "store/sources/settling.py:Settling.ready": "a worker looks after the sources of all organizations",
    "store/sources/sources.py:Sources.named": "the address says whose the source is",
    "store/rules/calendars.py:_versions_with_keys": "its callers add the predicate",
}
"""Functions with a statement that no organization narrows, and why they may have one."""

COMPARED = re.compile(r"\borganization\b\s*(=|<|>|!=|IN\b|LIKE\b)|(=|<|>|!=)\s*\w+\.organization\b", re.IGNORECASE)


class Finder(ast.NodeVisitor):
    """Finds uses of a column `organization`, each with the line and the outermost name that it is part of."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: list[tuple[int, str]] = []
        self._names: list[str] = []
        self._collections = set(_column_collections(tree))
        self._documentation = {id(text) for text in _documentation(tree)}
        self.visit(tree)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "own":
            # A column of another table is what `own` may be given; what else stands there is looked at.
            for part in (*node.args[2:], *(keyword.value for keyword in node.keywords)):
                self.visit(part)
            return
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._within(node.name, node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._within(node.name, node)

    def visit_Assign(self, node: ast.Assign) -> None:
        (target, *_) = node.targets
        self._within(target.id if isinstance(target, ast.Name) else "", node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr == "organization" and self._is_columns(node.value):
            self._add(node)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        is_ours = isinstance(node.slice, ast.Constant) and node.slice.value == "organization"
        if is_ours and self._is_columns(node.value):
            self._add(node)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and id(node) not in self._documentation and COMPARED.search(node.value):
            self._add(node)

    def _is_columns(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr in {"c", "columns"}
        return isinstance(node, ast.Name) and (node.id in self._collections or node.id.isupper())

    def _within(self, name: str, node: ast.AST) -> None:
        self._names.append(name)
        self.generic_visit(node)
        self._names.pop()

    def _add(self, node: ast.expr) -> None:
        self.found.append((node.lineno, self._names[0] if self._names else ""))


def _column_collections(tree: ast.Module) -> Iterator[str]:
    """Names that stand for the columns of a table, as in `target = instance_targets.c`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute) and node.value.attr == "c":
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _documentation(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def _sources() -> Iterator[Path]:
    for path in sorted(STORE.rglob("*.py")):
        # Migrations are of the whole database.
        if "migrations" not in path.parts and path.name != "tenancy.py":
            yield path


def _found() -> Iterator[tuple[str, int]]:
    """The places by file and name, each with its line."""
    for path in _sources():
        for line, name in Finder(ast.parse(path.read_text())).found:
            yield f"{path.relative_to(ROOT)}:{name}", line


Unit = ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign
"""A function, a method or a constant of a module."""


def _units(tree: ast.Module) -> Iterator[tuple[str, Unit]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            methods = (one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
            yield from ((f"{node.name}.{method.name}", method) for method in methods)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            (target, *_) = node.targets if isinstance(node, ast.Assign) else [node.target]
            if isinstance(target, ast.Name):
                yield target.id, node


def unnarrowed(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Units with a statement that no `own` narrows: each with the statement's line.

    A predicate, a statement or a scope that comes as a parameter is its caller's to narrow.
    """
    units = dict(_units(tree))
    narrowed = {name for name, unit in units.items() if _calls_own(unit)}
    while more := {name for name in units.keys() - narrowed if _names(units[name]) & _referable(units, narrowed)}:
        narrowed |= more
    for name, unit in units.items():
        if name not in narrowed and not _is_given_a_predicate(unit):
            yield from ((name, line) for line in _statements(unit))


def _statements(unit: Unit) -> Iterator[int]:
    for node in ast.walk(unit):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"sa.select", "sa.update", "sa.delete"}:
            yield node.lineno


def _calls_own(unit: Unit) -> bool:
    """A join by `own(table, other.c.organization)` narrows nothing."""
    calls = (node for node in ast.walk(unit) if isinstance(node, ast.Call) and ast.unparse(node.func) == "own")
    return any(not re.search(r"(\.c|^[A-Z]+)\.organization$", ast.unparse(call.args[1])) for call in calls)


def _names(unit: Unit) -> set[str]:
    nodes = list(ast.walk(unit))
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in nodes if isinstance(node, ast.Name)}


def _referable(units: Mapping[str, Unit], narrowed: set[str]) -> set[str]:
    """Functions and constants by their names, and properties; methods have names that other things have, too."""
    return {name.rpartition(".")[2] for name in narrowed if "." not in name or _is_property(units[name])}


def _is_property(unit: Unit) -> bool:
    decorators = unit.decorator_list if isinstance(unit, ast.FunctionDef) else []
    return any(ast.unparse(one) == "property" for one in decorators)


def _is_given_a_predicate(unit: Unit) -> bool:
    if not isinstance(unit, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    annotations = (ast.unparse(one.annotation) for one in unit.args.args if one.annotation is not None)
    return any(re.search(r"\b(ColumnElement|Select|Scope|Wanted)\b", annotation) for annotation in annotations)


def _found_unnarrowed() -> Iterator[tuple[str, int]]:
    for path in _sources():
        for name, line in unnarrowed(ast.parse(path.read_text())):
            yield f"{path.relative_to(ROOT)}:{name}", line


def test_no_statement_names_an_organization_but_through_own() -> None:
    strays = [f"{place} (line {line})" for place, line in _found() if place not in ACROSS_ORGANIZATIONS]
    assert not strays, f"use store.schema.tenancy.own, or name the reason in this test: {strays}"


def test_no_statement_reaches_the_rows_of_all_organizations() -> None:
    strays = [f"{place} (line {line})" for place, line in _found_unnarrowed() if place not in NARROWED_BY_NOTHING]
    assert not strays, f"narrow them by store.schema.tenancy.own, or name the reason in this test: {strays}"


def test_each_exception_is_still_needed() -> None:
    assert {place for place, _ in _found()} == set(ACROSS_ORGANIZATIONS)
    assert {place for place, _ in _found_unnarrowed()} == set(NARROWED_BY_NOTHING)


@pytest.mark.parametrize(
    "planted",
    [
        "def find(policy_id):\n    return sa.select(policies).where(policies.c.id == policy_id)",
        "class Policies:\n    def get(self, id_):\n        return sa.delete(policies).where(policies.c.id == id_)",
        "EVERY = sa.select(policies)",
        "def joined(id_):\n    return sa.select(policies).join(teams, own(teams, policies.c.organization))",
        "class A:\n    def list(self): own(teams, 1)\nclass B:\n    def any(self): return sa.select(list(teams.c))",
    ],
)
def test_a_statement_about_all_organizations_is_found(planted: str) -> None:
    assert list(unnarrowed(ast.parse(planted)))


@pytest.mark.parametrize(
    "planted",
    [
        "def find(id_):\n    return sa.select(policies).where(own(policies, 'acme', id=id_))",
        "KEY = own(policies, OF_ORGANIZATION)\nFIND = sa.select(policies).where(KEY)",
        "def _is(id_): return own(policies, 'acme', id=id_)\ndef find(): return sa.select(policies).where(_is(1))",
        "def _read(these: sa.ColumnElement[bool]): return sa.select(policies).where(these)",
    ],
)
def test_a_statement_about_one_organization_is_left_alone(planted: str) -> None:
    assert not list(unnarrowed(ast.parse(planted)))


@pytest.mark.parametrize(
    "planted",
    [
        "wanted = policies.c.organization == organization",
        "wanted = policies.c['organization'] != organization",
        "wanted = policies.c.organization.in_(several)",
        "target = policies.c\nwanted = target.organization == organization",
        "wanted = TARGETS.organization == organization",
        "wanted = own(policies, organization, id=sa.case((policies.c.organization == other, 1)))",
        "wanted = sa.text('SELECT 1 FROM policies WHERE organization = :organization')",
        "wanted = sa.text('SELECT 1 FROM policies AS p JOIN teams AS t ON p.organization = t.organization')",
    ],
)
def test_a_comparison_by_hand_is_found(planted: str) -> None:
    assert [line for line, _ in Finder(ast.parse(planted)).found]


@pytest.mark.parametrize(
    "planted",
    [
        "wanted = own(policies, organization, id=policy_id)",
        "wanted = own(policies, teams.c.organization)",
        "if there.organization != organization: raise Conflict",
        "row = {'organization': organization}",
        "def work():\n    '''The organization = the tenant.'''",
    ],
)
def test_what_compares_no_column_is_left_alone(planted: str) -> None:
    assert not Finder(ast.parse(planted)).found


def test_every_table_says_whose_its_rows_are() -> None:
    """`upkeep` has one row for the whole store; an organization belongs to itself."""
    assert {name for name, table in metadata.tables.items() if "organization" not in table.c} == {
        "organizations",
        "upkeep",
    }


def test_own_compares_the_organization_and_each_value() -> None:
    assert str(own(policies, "acme", id="pol_1")) == "policies.organization = :organization_1 AND policies.id = :id_1"


def test_an_organization_owns_its_own_row() -> None:
    assert str(own(organizations, "acme")) == "organizations.id = :id_1"


def test_a_column_of_another_table_joins_within_one_organization() -> None:
    other = sql.table("other", sql.column("organization"), sql.column("policy_id"))
    joined = str(own(policies, other.c.organization, id=other.c.policy_id))
    assert joined == "policies.organization = other.organization AND policies.id = other.policy_id"
