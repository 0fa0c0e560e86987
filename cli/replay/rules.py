"""Policies and a calendar from YAML files, in the shapes of the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from domain.calendar import Calendar
from domain.errors import InvalidValue
from domain.fields import require_list, require_mapping
from domain.policy.catalog import Catalog
from domain.policy.policies import Policy
from domain.policy.snapshot import CalendarVersion

ORGANIZATION = "replay"
CALENDAR_ID = "bh_replay"


def load_catalog(policies: Path, calendar: Path | None) -> Catalog:
    """Without a calendar, business hours are around the clock. Raises InvalidValue, naming the file and the field."""
    hours = Calendar.always() if calendar is None else load_calendar(calendar)
    catalog = Catalog(
        ORGANIZATION, load_policies(policies), {CALENDAR_ID: CalendarVersion(hours, CALENDAR_ID)}, CALENDAR_ID
    )
    for policy in catalog.policies:
        catalog.calendar_of(policy)
    return catalog


def zone(catalog: Catalog) -> ZoneInfo:
    """The zone of a log's times that name none: the calendar's, else UTC."""
    return ZoneInfo(catalog.calendars[CALENDAR_ID].calendar.timezone)


def load_policies(path: Path) -> tuple[Policy, ...]:
    listed = require_list(require_mapping(_yaml(path), str(path)).get("policies"), f"{path}: policies")
    if not listed:
        raise InvalidValue(f"{path}: policies", listed, "must hold at least one policy")
    return tuple(_policy(document, f"{path}: policies[{index}]", index) for index, document in enumerate(listed, 1))


def load_calendar(path: Path) -> Calendar:
    return Calendar.from_json(_yaml(path), str(path))


def _policy(document: Any, field: str, index: int) -> Policy:
    """Ids are optional in a file: by default they are made of the policy's place in it."""
    body = {"id": f"sla_{index}", **require_mapping(document, field)}
    for part, prefix in (("targets", "target"), ("escalations", "esc")):
        listed = body.get(part)
        if isinstance(listed, list):
            body[part] = [
                {"id": f"{prefix}_{index}_{place}", **one} if isinstance(one, dict) else one
                for place, one in enumerate(listed, 1)
            ]
    return Policy.from_json(body, field)


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue("file", str(path), f"cannot be read ({error})") from None
    except yaml.YAMLError as error:
        raise InvalidValue(str(path), " ".join(str(error).split()), "is not YAML") from None
