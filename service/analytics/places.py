"""Where a breach stands in the list of breaches, as it stands in cursors."""

from __future__ import annotations

from domain.instants import parse, render
from service.tools.cursors import number_in, text_in
from store.analytics.breaches import BreachPlace
from store.lists.keys import Place

NEWEST_DUE_FIRST = "-due_at"
"""The order of the list."""


def place_of_breach(place: BreachPlace) -> Place:
    return render(place.due_at), place.instance_id, place.name, str(place.cycle)


def breach_place(place: Place) -> BreachPlace:
    """Raises InvalidValue for a place of another list."""
    due_at = parse(text_in(place, 0), "cursor")
    return BreachPlace(due_at, text_in(place, 1), text_in(place, 2), number_in(place, 3))
