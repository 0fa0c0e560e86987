"""Where the routes of the API are found: in the file of that name in each room."""

from __future__ import annotations

from pathlib import Path

import api

API = Path(api.__file__).parent
DIALECTS = ("v1", "v2")
MOST_FILES = 13
# What is in no room of a dialect: two routes without a key, and the table that serves policies of both kinds.
ELSEWHERE = {"health.py", "index.py", "v2/policies/kinds.py"}


def test_every_route_is_in_a_file_that_says_so() -> None:
    holders = {str(path.relative_to(API)) for path in API.rglob("*.py") if "APIRouter(" in path.read_text()}
    assert {one for one in holders if not one.endswith(("/routes.py", "_routes.py"))} == ELSEWHERE


def test_every_room_of_a_dialect_has_its_routes_in_one_place() -> None:
    rooms = [room for dialect in DIALECTS for room in (API / dialect).iterdir() if (room / "__init__.py").exists()]
    assert {room.name for room in rooms if not (room / "routes.py").exists()} == {"translation"}


def test_no_room_has_more_than_a_dozen_files_or_so() -> None:
    rooms = [API, *(path for path in API.rglob("*") if path.is_dir())]
    files = {str(room.relative_to(API)): [one for one in room.glob("*.py") if one.stem != "__init__"] for room in rooms}
    assert {room: len(held) for room, held in files.items() if len(held) > MOST_FILES} == {}
