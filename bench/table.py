"""The one table."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from bench.figures import Figure

WIDTH = 160


def show(figures: Iterable[Figure], title: str, *, markdown: bool) -> None:
    rows = [_cells(figure) for figure in figures]
    head = ("what", "ours", "baseline", "ratio", "to reach")
    if markdown:
        lines = [head, ("---",) * len(head), *rows]
        print("\n".join(f"| {' | '.join(cells)} |" for cells in lines))
        return
    table = Table(title=title, title_justify="left")
    for index, name in enumerate(head):
        table.add_column(name, justify="right" if 0 < index < len(head) - 1 else "left", no_wrap=index > 0)
    for cells in rows:
        table.add_row(*cells)
    Console(width=WIDTH, highlight=False).print(table)


def _cells(figure: Figure) -> tuple[str, ...]:
    baseline = "" if figure.baseline is None else _number(figure.baseline, figure.unit)
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}x"
    return figure.what, _number(figure.ours, figure.unit), baseline, ratio, figure.target


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()
