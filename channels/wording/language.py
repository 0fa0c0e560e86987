"""The part of Jinja that templates may use: what is linear in its input, so that no template can run away.

Jinja's sandbox keeps a template from reaching into Python, but not from counting to a billion. Here nothing repeats,
calls or multiplies: a template makes a text as long as its own source times the longest value, and no longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateRuntimeError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

FILTERS = (
    *("capitalize", "count", "d", "default", "e", "escape", "first", "last"),
    *("length", "lower", "string", "striptags", "title", "trim", "truncate", "upper", "urlencode"),
)
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.CondExpr, nodes.Name, nodes.Const),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And),
    *(nodes.Or, nodes.Not, nodes.Concat, nodes.Tuple, nodes.List, nodes.Keyword),
)
_SPOKEN: dict[type[nodes.Node], str] = {
    nodes.BinExpr: "calculate",
    nodes.For: "loop ('for'): a notice holds no lists",
    nodes.Call: "call functions or methods",
    nodes.Assign: "set variables",
    nodes.With: "set variables",
    nodes.Scope: "change how values are escaped",
    nodes.AssignBlock: "set variables",
    nodes.Include: "include other templates",
    nodes.Import: "import other templates",
    nodes.FromImport: "import other templates",
    nodes.Extends: "extend other templates",
    nodes.Macro: "define macros",
    nodes.Block: "define blocks",
}


class _Environment(ImmutableSandboxedEnvironment):
    """What stands behind a dot is looked up in what a notice says, and never in Python."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        try:
            return obj[argument]
        except (TypeError, LookupError):
            return self.undefined(obj=obj, name=argument)


def environment(*, html: bool) -> SandboxedEnvironment:
    """Absent values (None) are written as nothing; those that no notice has are errors."""
    made = _Environment(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=_written,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in FILTERS}
    return made


def _written(value: Any) -> Any:
    if isinstance(value, Mapping):
        raise TemplateRuntimeError(f"has several parts, of which one must be named: {', '.join(value)}")
    return "" if value is None else value


def parse(made: SandboxedEnvironment, source: str, names: frozenset[str]) -> nodes.Template:
    """The template, which uses nothing but what is allowed and no other name than `names`.

    Raises TemplateSyntaxError with the line of the first thing that is not so.
    """
    tree, line = made.parse(source), 1
    for node in _walk(tree):
        line = node.lineno or line
        problem = _problem(node, names)
        if problem is not None:
            raise TemplateSyntaxError(problem, line)
    return tree


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _problem(node: nodes.Node, names: frozenset[str]) -> str | None:
    if not isinstance(node, _ALLOWED):
        said = (what for kind, what in _SPOKEN.items() if isinstance(node, kind))
        return f"a template must not {next(said, f'use {type(node).__name__}')}"
    if isinstance(node, nodes.Name) and node.name not in names:
        return f"there is no {node.name!r}; there are {', '.join(sorted(names))}"
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return f"there is no filter {node.name!r}; there are {', '.join(FILTERS)}"
    return None
