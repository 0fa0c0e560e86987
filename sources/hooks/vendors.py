"""The mappings that are shipped: one file a vendor in `sources/vendors/`, read as they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from domain.errors import InvalidValue
from sources.hooks.language.mapping import SourceMapping, fits, read_mapping

_ROOM = files("sources").joinpath("vendors")


@cache
def vendors() -> tuple[str, ...]:
    """The names of all that are shipped, in the order of the alphabet."""
    return tuple(sorted(path.name.removesuffix(".yaml") for path in _ROOM.iterdir() if path.name.endswith(".yaml")))


def vendor(name: str, field: str = "kind") -> SourceMapping:
    """Raises InvalidValue for a name that is not shipped."""
    if name not in vendors():
        raise InvalidValue(field, name, f"must be one of {', '.join(vendors())}")
    return _read(name)


def vendor_text(name: str, field: str = "kind") -> str:
    """The mapping as it is written, to start one of one's own from. Raises InvalidValue."""
    if name not in vendors():
        raise InvalidValue(field, name, f"must be one of {', '.join(vendors())}")
    return _ROOM.joinpath(f"{name}.yaml").read_text(encoding="utf-8")


@cache
def _read(name: str) -> SourceMapping:
    return read_mapping(vendor_text(name), f"sources/vendors/{name}.yaml")


def settings_of(mapping: SourceMapping, given: Mapping[str, Any], field: str = "settings") -> dict[str, Any]:
    """The settings of a source, with the mapping's defaults for what is not given.

    Raises InvalidValue for a setting that the mapping does not know, or one of another type.
    """
    for name, value in given.items():
        setting = mapping.settings.get(name)
        if setting is None:
            known = ", ".join(mapping.settings) or "none"
            raise InvalidValue(f"{field}.{name}", value, f"is not known here (known: {known})")
        if not fits(value, setting.type):
            raise InvalidValue(f"{field}.{name}", value, f"must be a {setting.type}")
    return {name: given.get(name, setting.unset) for name, setting in mapping.settings.items()}
