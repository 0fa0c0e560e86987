"""A condition as a row of the form, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from web.http.forms import Draft, text
from web.showing.values import read, read_list, spelled, spelled_list

WITHOUT_VALUE = ("is_set", "is_not_set")
OF_LISTS = ("in", "not_in")


def condition_row(document: Mapping[str, Any]) -> Draft:
    operator, value, case = document["operator"], document.get("value"), document.get("case_sensitive")
    said = spelled_list(value) if operator in OF_LISTS and isinstance(value, list) else spelled(value)
    return {
        "field": document["field"],
        "operator": operator,
        "value": "" if operator in WITHOUT_VALUE else said,
        "case": "" if case is None else str(case).lower(),
    }


def condition_document(row: Draft, prefix: str = "") -> dict[str, Any]:
    """`prefix` stands before the names of its inputs, such as `pause_`."""
    operator, value = text(row, f"{prefix}operator"), text(row, f"{prefix}value")
    document: dict[str, Any] = {"field": text(row, f"{prefix}field"), "operator": operator}
    if operator in WITHOUT_VALUE:
        return document
    document["value"] = read_list(value) if operator in OF_LISTS else read(value)
    if (case := text(row, f"{prefix}case")) in ("true", "false"):
        document["case_sensitive"] = case == "true"
    return document
