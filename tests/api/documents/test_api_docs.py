from __future__ import annotations

import asyncio
import re
import shlex
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import Any

from domain.record.records import DEAD
from service.hooks.applying import Applier
from service.systems import Target
from sources.connectors import Answer, Request
from store.database.clock import system_clock
from store.sources.bodies import NewBody
from tests.api.organization.test_api_on_call import feed
from tests.store.deliveries.test_the_log import a_notice, key_of, sent
from tests.store.samples import a_step, an_opening
from tests.support.outlets import LoopbackOutlets

DOCUMENT = Path(__file__).parents[3] / "docs" / "api-v2.md"
EXPECTED = {"POST": {200, 201, 202}, "GET": {200}, "PATCH": {200}, "PUT": {200}, "DELETE": {204}}

NAMES = {
    "sla": "POLICY",
    "bh": "HOURS",
    "target": "TARGET",
    "esc": "ESCALATION",
    "key": "KEY_ID",
    "src": "SOURCE_ID",
    "rcv": "RECEIVER",
    "con": "CONTACT",
    "onc": "ON_CALL",
}


def requests() -> list[str]:
    """The curl lines of the document, deletions moved behind what needs the deleted."""
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    commands = [part for block in blocks for part in re.split(r"(?m)^(?=curl )", block.replace("\\\n", " "))]
    curls = [command for command in commands if command.startswith("curl ")]
    return sorted(curls, key=lambda command: "DELETE" in command)


class GitHub:
    """Answers the connector of the documented source."""

    async def check(self, base_url: str) -> None:
        assert base_url == "https://api.github.com"

    async def ask(self, target: Target, request: Request) -> Answer:
        assert target.headers["Authorization"] == "Bearer github_pat_11ABCDE"
        return Answer({"login": "sla-bot"} if request.path == "/user" else [])


class Calendars(LoopbackOutlets):
    """Has the feed of the documented on-call."""

    async def fetch(self, url: str) -> str:
        assert url == "https://calendar.example.com/rota.ics"
        return feed("Ada Lovelace")


async def test_every_documented_request_works_as_documented(api: Any) -> None:
    await api.with_worker()
    api.use(systems=GitHub(), outlets=Calendars())
    names = {"API": "http://api/api/v2/sla", "KEY": api.http.headers["X-API-Key"]}
    seen = set()
    for command in requests():
        method, url, headers, body = read(Template(command).substitute(names))
        if method == "DELETE":
            await nothing_is_open(api)
        answer = await api.http.request(method, url, headers=headers, content=body)
        assert answer.status_code in EXPECTED[method], f"{command}\n{answer.text}"
        if answer.status_code == 201 and "union_of" in (body or ""):
            # Nothing names it after this, and its members are deleted in the end.
            gone = await api.http.delete(f"{url}/{answer.json()['id']}", headers=headers)
            assert gone.status_code == 204
        elif answer.status_code == 201:
            created = answer.json()["id"]
            name = NAMES.get(created.partition("_")[0], "")
            names["GROUP" if name == "CONTACT" and name in names else name] = created
            if created.startswith("src_"):
                await something_is_sent(api, created)
            if created.startswith("rcv_"):
                names["DELIVERY_ID"] = await something_is_refused(api)
        seen.add((method, url.partition("/api/v2/sla")[2].partition("?")[0].rpartition("/")[2]))
    assert len(requests()) == 137
    assert {("POST", "preview-deadline"), ("POST", "cancel"), ("GET", "instances")} <= seen


async def something_is_sent(api: Any, source_id: str) -> None:
    """The source has a body, and it is interpreted."""
    sent = NewBody(b"{}", system_clock(), {}, "POST", "http://api/hooks")
    await api.dependencies.store.hook_bodies.keep(api.organization, source_id, sent)
    assert (await Applier(api.dependencies).round()).settled == 1


async def something_is_refused(api: Any) -> str:
    """The log has a dead letter, of an instance that no list shows: its opening is not recorded."""
    opening = an_opening("refused", organization=api.organization)
    notice = a_notice(opening)
    dead = replace(sent(notice, status=DEAD), notice_id=notice["id"])
    step = a_step(opening, 2, notices=(notice,), deliveries=(dead,), settled=(notice["id"],))
    await api.dependencies.store.instances.apply(step)
    return key_of(notice).id


async def nothing_is_open(api: Any) -> None:
    """The store follows the workflows within a second."""
    for _ in range(200):
        if all(one["closed_at"] for one in (await api.get("/instances")).json()["data"]):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("an instance is still open")


def read(command: str) -> tuple[str, str, dict[str, str], str | None]:
    words = iter(shlex.split(command)[1:])
    method, url, headers, body = "GET", "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        else:
            url = word
    return method, url, headers, body
