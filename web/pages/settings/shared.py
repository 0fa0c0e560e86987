"""What the pages of settings share: their navigation, forms with lists, pages of lists, and what is shown once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from service.tools.ciphers import SecretsUnreadable
from service.tools.cursors import cursor_of, place_of
from store.lists.listed import Found, ListPart
from web.http import faults as of_forms
from web.http.faults import SILENT, Faults
from web.http.forms import Draft, sent, shown
from web.http.rendering import page

REFUSALS = (*of_forms.REFUSALS, SecretsUnreadable)
"""As for other forms; here addresses and secrets may be lost with the key that opened them."""

T = TypeVar("T")
PAGE = 50

SUBJECTS = (
    ("Organization", "/settings"),
    ("Teams", "/settings/teams"),
    ("Contacts", "/settings/contacts"),
    ("On-call", "/settings/on-call"),
    ("Receivers", "/settings/receivers"),
    ("Sources", "/settings/sources"),
    ("Templates", "/settings/templates"),
    ("Keys", "/settings/keys"),
)


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A page of a list, with the addresses of the first and the next one; empty where there is none."""

    rows: Sequence[T]
    total: int
    first: str
    next: str


async def part_of(
    find: Callable[[ListPart], Awaitable[Found[T]]], order: str, path: str, cursor: str, joint: str = "?"
) -> Part[T]:
    """Raises InvalidValue for a cursor that is none."""
    found = await find(ListPart(PAGE, 0, place_of(cursor, order) if cursor else None))
    following = "" if found.last is None else f"{path}{joint}cursor={cursor_of(order, found.last)}"
    return Part(found.rows, found.total, path if cursor else "", following)


async def settings_page(
    request: Request,
    template: str,
    *,
    faults: Faults = SILENT,
    form: Draft | None = None,
    status: int | None = None,
    **values: Any,
) -> Response:
    """The page of a subject, with what is typed in its form and what is wrong with it."""
    return await page(
        request,
        f"settings/{template}",
        status=faults.status if status is None else status,
        subjects=SUBJECTS,
        faults=faults,
        form=shown({} if form is None else form),
        **values,
    )


async def shown_once(
    request: Request, title: str, secrets: Sequence[tuple[str, str]], back: str, text: str = "", **values: Any
) -> Response:
    """A page with secrets, each with its label, that no other page shows again."""
    return await settings_page(
        request, "once.html", status=201, title=title, secrets=secrets, back=back, text=text, **values
    )


async def typed(request: Request, lists: Collection[str] = ()) -> Draft:
    """The form that was sent; of the fields in `lists` every value that was chosen."""
    draft, form = await sent(request), await request.form()
    several = {name: [one for one in form.getlist(name) if isinstance(one, str) and one] for name in lists}
    return {**draft, **several}


def chosen(draft: Draft, name: str) -> list[str]:
    value = draft.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def words_in(text: str) -> list[str]:
    """What stands between commas."""
    return [one.strip() for one in text.split(",") if one.strip()]


def at_input(field: str) -> str:
    """The input at which a fault of a document's field is shown: a list is one input, and forms are flat."""
    name = re.sub(r"^(rotation|feed)\.", "", field)
    return name if name.startswith(("addresses.", "overrides.")) else re.sub(r"\.\d+$", "", name).partition(".")[0]
