"""The pages name everything there is, and nothing that there is not."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import get_args
from urllib.parse import unquote

import pytest

from cli.engine.supervisor import FIRST_DELAY, LONGEST_DELAY
from domain.ids import Kind, SubjectType
from domain.plan.milestones import AT_RISK, BREACHED, HALFWAY, PAUSE_TOO_LONG
from domain.plan.status import InstanceStatus
from domain.policy.clocks.clocks import CLOCKS, ClockState
from domain.record.notices import ESCALATED, WITHDRAWN
from settings import LogLevel, Settings
from tests.support.apps import openapi_document
from workflows.messages import SIGNALS, STATE_QUERY, WORKFLOW_TYPE
from workflows.state.instance_state import SHOWN_REFUSALS
from workflows.visibility import ATTRIBUTES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"
README = (ROOT / "README.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
NAMES_A_FILE = re.compile(r"\.(py|yaml|yml|toml|j2|css|js|sh)$")
WRITTEN_BY_READERS = {"gitea.yaml"}
PREFIXES = {"api-v1.md": "/api/v1", "api-v2.md": "/api/v2/sla"}


def page(name: str) -> str:
    return (DOCS / name).read_text()


def rows(text: str) -> set[str]:
    """The first cells of all tables, where they are code."""
    return set(re.findall(r"^\| `([^`]+)`", text, re.MULTILINE))


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def routes(prefix: str) -> list[tuple[str, str]]:
    """Method and path behind the prefix."""
    paths = openapi_document()["paths"]
    own = {path: methods for path, methods in paths.items() if path.startswith(f"{prefix}/")}
    return [(method, path.removeprefix(prefix)) for path, methods in own.items() for method in methods]


def test_every_setting_is_documented_and_no_other() -> None:
    documented = {name for name in rows(page("settings.md")) if name.startswith("SLA_")}
    assert documented == {f"SLA_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize(
    "name", ["api_host", "api_port", "temporal_port", "temporal_ui_port", "task_queue", "log_level"]
)
def test_a_default_is_what_the_page_says(name: str) -> None:
    default = Settings.model_fields[name].default
    assert f"| `SLA_{name.upper()}` | `{default}` |" in page("settings.md")


def test_the_pause_before_a_part_is_started_again_is_what_the_page_says() -> None:
    assert f"after {FIRST_DELAY:g} s; the pause doubles up to {LONGEST_DELAY:g} s" in " ".join(
        page("operations.md").split()
    )


def test_every_log_level_is_documented() -> None:
    (row,) = [line for line in page("settings.md").splitlines() if line.startswith("| `SLA_LOG_LEVEL`")]
    assert all(f"`{level}`" in row for level in get_args(LogLevel))


def test_no_page_speaks_of_a_setting_that_is_not_there() -> None:
    known = {f"SLA_{name.upper()}" for name in Settings.model_fields}
    for path in PAGES:
        assert set(re.findall(r"\bSLA_[A-Z_]+", path.read_text())) <= known, path.name


def test_every_signal_and_the_query_are_documented() -> None:
    text = page("signals.md")
    assert set(SIGNALS) <= rows(text)
    assert f"## The query `{STATE_QUERY}`" in text
    assert f"`{WORKFLOW_TYPE}`" in text
    assert f"the last {SHOWN_REFUSALS}" in text


@pytest.mark.parametrize("word", [*Kind, *SubjectType, *ClockState])
def test_every_word_of_an_answer_is_explained_to_senders(word: str) -> None:
    assert f"`{word}`" in page("signals.md")


def test_every_notice_type_is_documented_and_no_other() -> None:
    types = {f"sla.{name}" for name in (HALFWAY, AT_RISK, BREACHED, ESCALATED, PAUSE_TOO_LONG, WITHDRAWN)}
    assert {name for name in rows(page("notices.md")) if name.startswith("sla.")} == types


def test_every_status_and_every_target_type_is_a_concept() -> None:
    assert {status.value for status in InstanceStatus} | set(CLOCKS) <= rows(page("concepts.md"))


def test_every_search_attribute_is_documented_and_no_other() -> None:
    documented = {name for name in rows(page("operations.md")) if name.startswith("Sla")}
    assert documented == {key.name for key in ATTRIBUTES}


@pytest.mark.parametrize("name", PREFIXES)
def test_every_route_of_the_api_is_documented(name: str) -> None:
    text = page(name)
    found = {(method or "POST" if "-d '" in call or method else "GET", path) for method, path, call in calls(text)}
    known = routes(PREFIXES[name])
    missing = [f"{method} {path}" for method, path in known if not any(fits(path, method, call) for call in found)]
    assert known
    assert missing == []


def calls(text: str) -> list[tuple[str, str, str]]:
    """Method (empty when curl chooses), path and whole text of every curl line of a page."""
    pattern = r'curl (?:-X ([A-Z]+) )?"\$API(/[^"?]*)[^"]*"((?:[^\n]|\\\n)*)'
    return re.findall(pattern, text)


def fits(route: str, method: str, call: tuple[str, str]) -> bool:
    # What the page says of policies holds for those of OLA too, it says.
    pattern = re.sub(r"\{[^}]+\}", "[^/]+", route.removeprefix("/ola"))
    return call[0] == method.upper() and re.fullmatch(pattern, call[1]) is not None


def test_every_make_target_that_a_page_names_exists() -> None:
    named = {name for path in PAGES for name in re.findall(r"(?:`|^|/ )make ([a-z]+)", path.read_text(), re.MULTILINE)}
    assert {"up", "test", "demo", "help"} <= named
    assert named <= targets()


def test_git_ignores_what_the_commands_of_the_readme_create() -> None:
    written = re.findall(r"(?:^|\s)>\s*([\w.-]+)", "\n".join(re.findall(r"```\w+\n(.*?)```", README, re.DOTALL)))
    assert "incidents.csv" in written
    for name in (*written, ".venv/bin/sla", ".sla/api_key"):
        assert subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=False).returncode == 0, name


@pytest.mark.parametrize(
    ("target", "lists"),
    [
        ("up", ["requirements.txt"]),
        ("demo", ["requirements.txt"]),
        ("test", ["requirements.txt", "requirements-dev.txt"]),
        ("check", ["requirements.txt", "requirements-dev.txt"]),
    ],
)
def test_only_who_tests_installs_the_tools_of_tests(tmp_path: Path, target: str, lists: list[str]) -> None:
    assert installed(tmp_path, target) == lists


def test_who_has_run_the_engine_installs_the_tools_alone_and_who_has_tested_nothing_more(tmp_path: Path) -> None:
    (tmp_path / ".installed").touch()
    assert (installed(tmp_path, "up"), installed(tmp_path, "test")) == ([], ["requirements-dev.txt"])
    (tmp_path / ".tools").touch()
    assert (installed(tmp_path, "test"), installed(tmp_path, "up")) == ([], [])


def installed(venv: Path, target: str) -> list[str]:
    """The lists that `make` would install on its way to a target."""
    command = ["make", "-n", f"VENV={venv}", target]
    planned = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return re.findall(r"--require-hashes -r (\S+)", planned)


def test_make_up_is_the_command_that_the_readme_test_runs_in_its_place() -> None:
    planned = subprocess.run(["make", "-n", "up"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ".venv/bin/sla up" in planned


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_resolves(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if re.match(r"[a-z]+:", link) is None:
            file, _, anchor = unquote(link).partition("#")
            target = path.parent / file if file else path
            assert target.exists(), link
            assert not anchor or anchor in anchors(target), link


def anchors(path: Path) -> set[str]:
    """As the usual forges make them of headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(path: Path) -> None:
    assert [name for name in files_named_in(path.read_text()) if not is_there(name)] == []


def test_a_file_that_is_not_there_is_noticed() -> None:
    missing = ["sources/vendors/nobody.yaml", "web/<page>/none.css", "no.py"]
    there = ["domain/plan/measured/cycles.py", "worker.py", "web/templates/<page>/"]
    text = ", ".join(f"`{name}`" for name in (*there, *missing))
    assert [name for name in files_named_in(text) if not is_there(name)] == missing


def files_named_in(text: str) -> Iterator[str]:
    """What stands in code and lies in one of our folders, or is a file by its ending."""
    folders = {file.parts[0] for file in files()}
    for name in re.findall(r"`([\w.<>*-]+(?:/[\w.<>*-]+)*)/?`", text):
        folder, _, rest = name.partition("/")
        if (rest and folder in folders) or NAMES_A_FILE.search(name):
            yield name


def is_there(name: str) -> bool:
    """`<page>` stands for any name, and a name without a folder for a file in any. What git ignores is made later."""
    pattern = re.sub(r"<[^>]+>", "*", name)
    found = fnmatch.filter(known_names(), pattern) if "*" in pattern else pattern in known_names()
    return (
        bool(found) or subprocess.run(["git", "check-ignore", "--quiet", name], cwd=ROOT, check=False).returncode == 0
    )


@cache
def known_names() -> frozenset[str]:
    """Of each file and folder, from the root on, and of each file alone."""
    paths = [path for file in files() for path in (file, *file.parents)]
    return frozenset([*map(str, paths), *(file.name for file in files()), *WRITTEN_BY_READERS])


@cache
def files() -> list[PurePosixPath]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [PurePosixPath(line) for line in listed.splitlines() if (ROOT / line).exists()]


def test_every_decision_is_linked_from_the_index() -> None:
    linked = set(re.findall(r"\]\(([^)]+)\)", (DECISIONS / "README.md").read_text()))
    assert linked == {path.name for path in DECISIONS.glob("[0-9]*.md")}


def test_every_page_is_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(docs/([^)]+)\)", (ROOT / "README.md").read_text()))
    assert {path.name for path in DOCS.glob("*.md")} <= linked


def test_the_pictures_are_well_formed() -> None:
    for picture in DOCS.rglob("*.svg"):
        assert ET.parse(picture).getroot().tag.endswith("svg")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_fence_is_closed_and_no_line_shows_a_machine_of_ours(path: Path) -> None:
    text = path.read_text()
    assert len(re.findall(r"^```", text, re.MULTILINE)) % 2 == 0
    assert not re.search(r"/(?:work|root|home)/", text)
