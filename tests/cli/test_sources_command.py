"""`sla sources`: a ticket system is connected, listed and tried from the command line."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from typer.testing import CliRunner

from cli.main import app
from store.schema.migrate import upgrade

RUNNER = CliRunner()
ROOT = Path(__file__).parents[2]
BODY = ROOT / "tests" / "sources" / "github" / "issues-opened-1.json"


@pytest.fixture
def sla(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    for name in [name for name in os.environ if name.startswith("SLA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SLA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SLA_PUBLIC_URL", "https://sla.example.com/")
    (tmp_path / "home").mkdir()
    upgrade(f"sqlite:///{tmp_path / 'home' / 'slakeeper.db'}")

    def run(*words: str) -> str:
        result = RUNNER.invoke(app, ["sources", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_a_ticket_system_is_connected_with_an_address_and_a_secret_to_paste(sla: Callable[..., str]) -> None:
    url, secret = (line.split()[1] for line in sla("add", "github").splitlines())
    assert url.startswith("https://sla.example.com/hooks/src_")
    assert len(secret) > 20
    listed = sla("list")
    assert url.rpartition("/")[2] in listed
    assert secret not in listed
    [row] = json.loads(sla("list", "--json"))
    assert (row["kind"], row["received"]) == ("github", 0)


def test_the_key_that_encrypts_is_changed(sla: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    monkeypatch.setenv("SLA_SECRET_KEY", old)
    sla("add", "github")
    source = json.loads(sla("add", "gitlab", "--json"))["id"]
    credentials = '{"token": "glpat-1"}'
    assert sla("connect", source, "--credentials", credentials) == f"{source} writes to https://gitlab.com\n"
    monkeypatch.setenv("SLA_SECRET_KEY", f"{new},{old}")
    assert sla("reencrypt") == "encrypted anew: 2 source(s)\n"
    monkeypatch.setenv("SLA_SECRET_KEY", new)
    # It could not be read with the old one's help any more.
    assert sla("reencrypt") == "encrypted anew: 2 source(s)\n"


@pytest.mark.parametrize("by_id", [False, True], ids=["by its kind", "by the id of a source"])
def test_a_body_is_tried(sla: Callable[..., str], by_id: bool) -> None:
    source = json.loads(sla("add", "github", "--json"))["id"] if by_id else "github"
    tried = sla("test", str(BODY), "--source", source, "--header", "X-GitHub-Event: issues")
    assert tried.splitlines()[0] == "understood  issues.opened  ticket_id Codertocat/Hello-World#1"
    assert "opened" in tried.splitlines()[1]


def test_github_is_connected_in_the_five_lines_of_the_readme(
    sla: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands as they stand there, on a payload of GitHub; docs/sources.md has the same lines."""
    pages = [(ROOT / page).read_text() for page in ("README.md", "docs/sources.md")]
    [lines, same] = [
        re.findall(r"(?<=\n)\.venv/bin/sla sources add github.*?(?=```)", page, re.DOTALL)[0] for page in pages
    ]
    assert lines == same
    assert len(lines.splitlines()) == 5
    (tmp_path / "issue.json").write_bytes(BODY.read_bytes())
    monkeypatch.chdir(tmp_path)
    commands = [line for line in lines.splitlines() if line.startswith(".venv/bin/sla sources ")]
    printed = "".join(sla(*shlex.split(command)[2:]) for command in commands)
    promised = re.findall(r"```text\n(url .*?)```", pages[0], re.DOTALL)[0]
    assert [line.split()[0][:4] for line in printed.splitlines()] == [
        line.split()[0][:4] for line in promised.splitlines()
    ]
    assert printed.splitlines()[-2:] == promised.splitlines()[-2:]


def test_the_tutorial_maps_a_system_that_is_not_shipped_by_configuration_alone(
    sla: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "sources.md").read_text()
    tutorial = page[page.index("## Map a system that is not shipped") : page.index("## The language")]
    blocks = {
        language: re.findall(rf"```{language}\n(.*?)```", tutorial, re.DOTALL) for language in ("yaml", "json", "sh")
    }
    (tmp_path / "gitea.yaml").write_text(blocks["yaml"][0])
    (tmp_path / "comment.json").write_text(blocks["json"][0])
    monkeypatch.chdir(tmp_path)
    commands = [lines.replace("\\\n", " ").splitlines()[0] for lines in blocks["sh"]]
    tried, added, changed = map(shlex.split, commands)
    assert sla(*tried[2:]) == re.findall(r"```text\n(.*?)```", tutorial, re.DOTALL)[0]
    source = sla(*added[2:]).split()[1].rpartition("/")[2]
    as_added = ("test", "comment.json", "--source", source, "--header", "X-Gitea-Event: issue_comment")
    assert "agent_replied" in sla(*as_added)
    assert "customer_replied" in sla(*as_added, "--settings", "{}")
    mended = blocks["yaml"][0].replace("[body.repository.full_name, body.issue.number]", "['desk', body.issue.number]")
    (tmp_path / "gitea.yaml").write_text(mended)
    assert sla(*(source if word == "$SOURCE_ID" else word for word in changed[2:])) == f"{source} is changed\n"
    assert "ticket_id desk#7" in sla(*as_added)
    assert json.loads(sla("list", "--json"))[0]["kind"] == "gitea"
