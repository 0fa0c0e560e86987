"""`/instances/{id}/events`: the record of a real instance, and what verifying it says."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from domain.record.chain import verify

ID = "inst_sla_ticket_1"


async def lived(api: Any) -> None:
    """A ticket whose breach was withdrawn by a late answer, and that was resolved."""
    await api.policy(
        conditions=[], targets=[{"type": "first_response", "hours": 1}, {"type": "resolution", "hours": 9}]
    )
    await api.with_worker()
    for type_, hour in (("opened", "09:00"), ("paused", "12:00"), ("acknowledged", "09:30"), ("resolved", "13:00")):
        body = {"type": type_, "ticket_id": "1", "ticket": {}, "occurred_at": f"2026-03-02T{hour}:00Z"}
        assert (await api.post("/events", body)).status_code == 200


async def settled(api: Any, count: int) -> dict[str, Any]:
    """The record once its instance has ended: until then deliveries are still told, each a step of its own."""
    await api.ended(ID)
    page: dict[str, Any] = (await api.get(f"/instances/{ID}/events", limit=100)).json()
    told = [event for step in page["data"] for event in step["link"]["events"]]
    assert (len(told), page["is_complete"]) == (count, True), page
    return page


async def test_the_record_of_a_real_instance_holds_and_shows_what_was_withdrawn(api: Any) -> None:
    await lived(api)
    page = await settled(api, 4)
    steps = page["data"]
    assert [step["sequence"] for step in steps] == list(range(1, page["total"] + 1))
    assert [step["previous_hash"] for step in steps][1:] == [step["hash"] for step in steps][:-1]
    assert page["head"] == steps[-1]["hash"]
    assert any(firing["withdrawn_at"] for step in steps for firing in step["link"]["firings"])
    exported = await api.get(f"/instances/{ID}/events/export")
    verdict = verify(exported.json(), page["head"])
    assert (verdict.findings, verdict.steps) == ((), page["total"])


async def test_the_record_is_read_page_by_page(api: Any) -> None:
    await lived(api)
    whole = (await settled(api, 4))["data"]
    pages = [
        (await api.get(f"/instances/{ID}/events", limit=2, offset=at)).json()["data"] for at in range(0, len(whole), 2)
    ]
    assert [step for page in pages for step in page] == whole


async def test_the_record_is_read_on_by_cursor_and_exported_step_by_step(api: Any) -> None:
    await lived(api)
    whole = (await settled(api, 4))["data"]
    read: list[Any] = []
    cursor: dict[str, Any] = {}
    while len(read) < len(whole):
        page = (await api.get(f"/instances/{ID}/events", limit=2, **cursor)).json()
        read += page["data"]
        cursor = {"cursor": page["next_cursor"]}
    assert (read, cursor["cursor"]) == (whole, None)
    path = f"/api/v2/sla/instances/{ID}/events"
    ndjson = await api.http.get(path, headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line) for line in ndjson.text.splitlines()] == whole
    rows = list(csv.DictReader(io.StringIO((await api.http.get(path, headers={"Accept": "text/csv"})).text)))
    assert [(int(row["sequence"]), row["hash"], json.loads(row["link"])) for row in rows] == [
        (step["sequence"], step["hash"], step["link"]) for step in whole
    ]


@pytest.mark.parametrize("form", ["", "/export"])
async def test_an_instance_that_nobody_knows_has_no_record(api: Any, form: str) -> None:
    answer = await api.get(f"/instances/inst_sla_ticket_404/events{form}")
    assert (answer.status_code, answer.json()["value"]) == (404, "inst_sla_ticket_404")


async def test_an_export_is_verified_on_a_machine_that_has_no_engine(
    api: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lived(api)
    head = (await settled(api, 4))["head"]
    export = (await api.get(f"/instances/{ID}/events/export")).json()
    file = tmp_path / "record.json"
    file.write_text(json.dumps(export))
    monkeypatch.setenv("SLA_DATABASE_URL", "sqlite:////nowhere/at-all.db")
    run = CliRunner().invoke
    held = run(app, ["verify", ID, "--from", str(file), "--head", head])
    assert (held.exit_code, "nothing was changed" in held.output) == (0, True), held.output
    export["steps"][1]["link"]["status"] = "met"
    file.write_text(json.dumps(export))
    found = run(app, ["verify", ID, "--from", str(file)])
    assert found.exit_code == 1
    assert "step 2: hash" in found.output


async def test_a_file_that_is_no_export_of_that_instance_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    for text, field in (("{", "from"), ("{}", "export.instance_id")):
        file.write_text(text)
        refused = CliRunner().invoke(app, ["verify", ID, "--from", str(file)])
        assert refused.exit_code == 1
        assert getattr(refused.exception, "field", None) == field
