"""A help desk set up from nothing, as the README and the page about the API print it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from service.example.loading import example_rules
from tests.support.documents.curls import curls

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "docs" / "api-v2.md"]


def requests(page: Path) -> list[str]:
    """The page's block, each call as it is printed."""
    (block,) = re.findall(r"^```shell\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^api .*?(?=^#|\Z)", block, re.MULTILINE | re.DOTALL)


def test_both_pages_show_the_same_ten() -> None:
    readme, page = (requests(one) for one in PAGES)
    assert readme == page
    assert sum(text.count("\napi ") + 1 for text in page) == 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
async def test_a_help_desk_is_set_up_from_nothing_in_ten_requests(api: Any, page: Path) -> None:
    await api.with_worker()
    text = "".join(requests(page)).replace("\napi ", "\ncurl ").replace("$API", "http://api/api/v2/sla")
    sent = list(curls("\n" + re.sub(r"^api ", "curl ", text)))
    assert len(sent) == 10
    for curl in sent:
        headers = {"Content-Type": "application/json"}
        answer = await api.http.request(curl.method, curl.target, headers=headers, content=curl.body)
        assert answer.status_code in (200, 201), f"{curl}: {answer.text}"
    sla, ola = sorted(answer.json()["data"], key=lambda one: str(one["kind"]), reverse=True)
    assert (sla["kind"], sla["status"], set(sla["targets"])) == ("sla", "active", {"first_response", "resolution"})
    assert [stint["team_id"] for stint in ola["stints"]] == ["frontline", "network"]
    assert ola["stints"][0]["ended_at"] == ola["stints"][1]["started_at"]


async def test_who_reads_from_top_to_bottom_gets_what_the_ten_requests_promise(api: Any) -> None:
    await api.with_worker()
    first = "".join(re.findall(r"^```bash\n(export API.*?)^```$", PAGES[0].read_text(), re.MULTILINE | re.DOTALL))
    ten = "".join(requests(PAGES[0])).replace("\napi ", "\ncurl ")
    for curl in curls(f"{first}\n{re.sub('^api ', 'curl ', ten)}".replace("$API", "http://api/api/v2/sla")):
        method = "POST" if curl.body and curl.method == "GET" else curl.method
        headers = {"Content-Type": "application/json"}
        answer = await api.http.request(method, curl.target, headers=headers, content=curl.body)
        assert answer.is_success, f"{curl}: {answer.text}"
    (sla,) = [one for one in answer.json()["data"] if one["kind"] == "sla"]
    names = {policy["id"]: policy["name"] for policy in (await api.get("/policies")).json()["data"]}
    assert names[sla["policy_id"]] == "Urgent"
    assert names[(await api.get("/instances/inst_sla_ticket_42")).json()["policy_id"]] == "Twelve seconds"


def test_the_example_that_the_board_loads_is_the_help_desk_of_the_readme() -> None:
    text = re.sub(
        r"^api ", "curl ", "".join(requests(PAGES[0])).replace("\napi ", "\ncurl ").replace("$API", "http://api")
    )
    sent = [(curl.target.rpartition("/api")[2], json.loads(curl.body)) for curl in curls("\n" + text) if curl.body]
    rules = example_rules()
    (hours,) = [body for path, body in sent if "business-hours" in path]
    assert {name: rules["business_hours"][name] for name in hours} == hours
    assert rules["teams"] == [body for path, body in sent if path.endswith("/teams")]
    assert rules["internal_policies"] == [body for path, body in sent if path.endswith("/ola/policies")]
    assert rules["policies"] == [body for path, body in sent if path.endswith("/policies") and "/ola" not in path]
