from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from domain.instants import MINUTE, Instant, parse
from service.people.refreshing import EVERY, FeedReader
from store.store import Store
from tests.support.outlets import CIPHER, LoopbackOutlets

ON_CALL = "/api/v2/sla/on-call"
TOKEN = "T0p5ecret"


def feed(summary: str) -> str:
    span = "DTSTART:20260301T000000Z\r\nDTEND:20270301T000000Z"
    event = f"BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:{summary}\r\n{span}\r\nEND:VEVENT"
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{event}\r\nEND:VCALENDAR\r\n"


@dataclass
class Calendar:
    """What a calendar server answers: `answers` first, one a request, then `text`."""

    url: str = ""
    text: str = ""
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def publishing(text: str) -> Iterator[Calendar]:
    calendar = Calendar(text=text)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = calendar.answers.pop(0) if calendar.answers else (200, {}, calendar.text.encode())
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    calendar.url = f"http://127.0.0.1:{server.server_address[1]}/{TOKEN}.ics"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield calendar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def contact(api: Any, name: str) -> str:
    return str((await api.post("/contacts", {"name": name})).json()["id"])


async def create(api: Any, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/on-call", {"name": "Nights", "timezone": "Europe/Berlin", **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def at(api: Any, one: dict[str, Any], instant: str) -> list[str]:
    answer = await api.get(f"/on-call/{one['id']}/at", at=instant)
    assert answer.status_code == 200, answer.text
    return [person["name"] for person in answer.json()["contacts"]]


def turns(*members: str) -> dict[str, Any]:
    return {"members": list(members), "shift": {"days": 7}, "start": "2026-03-02"}


async def test_a_rotation_says_who_is_on_call_and_who_will_be(api: Any) -> None:
    ada, grace, joan = [await contact(api, name) for name in ("Ada", "Grace", "Joan")]
    christmas = {"from": "2026-03-24", "until": "2026-03-26", "contact": joan}
    answer = await api.post(
        "/on-call",
        {
            "name": "Nights",
            "timezone": "Europe/Berlin",
            "handover": "09:00",
            "rotation": turns(ada, grace),
            "overrides": [christmas],
        },
    )
    one = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{ON_CALL}/{one['id']}")
    assert (one["rotation"], one["overrides"], one["feed"]) == (turns(ada, grace), [christmas], None)
    assert (await api.get(f"/on-call/{one['id']}")).json() == one
    found = [await at(api, one, f"2026-03-{day}T07:59:00Z") for day in ("02", "09", "24", "25")]
    assert found == [[], ["Ada"], ["Grace"], ["Joan"]]
    schedule = (await api.get(f"/on-call/{one['id']}/schedule", start="2026-03-20T00:00:00Z", days=14)).json()
    assert [(shift["start"], shift["contacts"][0]["name"], shift["because"]) for shift in schedule["data"]] == [
        ("2026-03-20T00:00:00Z", "Ada", "rotation"),
        ("2026-03-23T08:00:00Z", "Grace", "rotation"),
        ("2026-03-24T08:00:00Z", "Joan", "override"),
        ("2026-03-26T08:00:00Z", "Grace", "rotation"),
        ("2026-03-30T07:00:00Z", "Ada", "rotation"),
    ]
    assert schedule["complete"]
    used = await api.http.delete(f"/api/v2/sla/contacts/{joan}")
    assert (used.status_code, one["id"] in used.json()["detail"]) == (409, True)


@pytest.mark.parametrize("late", ["2099-01-01T00:00:00Z", "2101-01-01T00:00:00Z"])
async def test_nobody_can_say_who_is_on_call_when_the_century_is_over(api: Any, late: str) -> None:
    one = await create(api, rotation={**turns(await contact(api, "Ada")), "shift": {"hours": 1}})
    for path, name in (("at", "at"), ("schedule", "start")):
        refused = await api.get(f"/on-call/{one['id']}/{path}", **{name: late})
        assert (refused.status_code, refused.json()["field"]) == (422, name)
    assert await at(api, one, "2098-12-31T23:59:59Z") == ["Ada"]
    assert await at(api, one, "1970-01-01T00:00:00Z") == []


async def test_a_change_is_made_of_the_version_that_was_seen_and_of_no_other(api: Any) -> None:
    one = await create(api, rotation=turns(await contact(api, "Ada")))
    path = f"{ON_CALL}/{one['id']}"
    tag = (await api.http.get(path)).headers["etag"]
    assert (await api.http.get(path, headers={"If-None-Match": tag})).status_code == 304
    changed = await api.http.patch(path, json={"handover": "08:00"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.json()["handover"]) == (200, "08:00")
    for method in ("PATCH", "DELETE"):
        late = await api.http.request(method, path, json={"handover": "07:00"}, headers={"If-Match": tag})
        assert late.status_code == 412
    assert (await api.http.delete(path, headers={"If-Match": "*"})).status_code == 204
    assert (await api.http.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("field_", "given"),
    [
        ("rotation", {}),
        ("feed", {"rotation": turns("con_x"), "feed": {"ical": feed("Ada")}}),
        ("rotation.members[0]", {"rotation": turns("con_x")}),
        ("feed", {"feed": {}}),
        ("feed", {"feed": {"url": "https://hooks.example.com/x", "ical": "x"}}),
        ("feed.ical", {"feed": {"ical": "no calendar"}}),
        ("feed.url", {"feed": {"url": f"ftp://127.0.0.1/{TOKEN}"}}),
        ("feed.url", {"feed": {"url": f"http://nowhere.invalid/{TOKEN}"}}),
        ("feed.url", {"feed": {"url": ""}}),
        ("timezone", {"timezone": "Mars/Base", "feed": {"ical": feed("Ada")}}),
        (
            "overrides[0].contact",
            {
                "feed": {"ical": feed("Ada")},
                "overrides": [{"from": "2026-12-24", "until": "2026-12-25", "contact": "con_x"}],
            },
        ),
    ],
)
async def test_what_is_no_on_call_is_refused_by_its_field(api: Any, field_: str, given: dict[str, Any]) -> None:
    answer = await api.post("/on-call", {"name": "Nights", "timezone": "Europe/Berlin", **given})
    assert (answer.status_code, answer.json()["field"]) == (422, field_), answer.text
    assert TOKEN not in answer.text


async def test_a_feed_that_was_pasted_names_contacts(api: Any) -> None:
    await contact(api, "Ada")
    one = await create(api, feed={"ical": feed("On call: Ada")})
    assert (one["feed"]["origin"], one["feed"]["error"]) == ("ical", None)
    assert await at(api, one, "2026-06-01T00:00:00Z") == ["Ada"]
    assert await at(api, one, "2027-06-01T00:00:00Z") == []
    path = f"{ON_CALL}/{one['id']}"
    turned = await api.http.patch(path, json={"rotation": turns(await contact(api, "Grace"))})
    assert (turned.status_code, turned.json()["feed"]) == (200, None)
    fed = await api.http.patch(path, json={"feed": {"ical": feed("Ada")}})
    assert (fed.status_code, fed.json()["rotation"]) == (200, None)


async def test_a_feed_behind_a_url_is_kept_encrypted_and_its_redirects_are_followed(api: Any, tmp_path: Path) -> None:
    await contact(api, "Ada")
    with publishing(feed("Ada")) as calendar:
        calendar.answers.append((302, {"location": f"/elsewhere/{TOKEN}"}, b""))
        one = await create(api, feed={"url": calendar.url})
    assert await at(api, one, "2026-06-01T00:00:00Z") == ["Ada"]
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        dump = "\n".join(connection.iterdump())
    assert TOKEN not in dump
    assert "VCALENDAR" not in dump


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((404, {}, b""), "answered 404"),
        ((200, {}, b"<html>log in</html>"), "is no iCalendar file"),
        ((200, {}, b"x" * 1_000_001), "at most 1000000 bytes"),
        ((200, {"content-encoding": "gzip"}, b"x"), "without compression"),
        ((302, {"location": "http://169.254.169.254/"}, b""), "on the public internet"),
    ],
)
async def test_what_is_no_feed_is_refused(api: Any, answer: tuple[int, dict[str, str], bytes], reason: str) -> None:
    if answer[0] == 302:
        api.use(outlets=LoopbackOutlets(allow_private=False))
    with publishing("") as calendar:
        calendar.answers.append(answer)
        refused = await api.post("/on-call", {"name": "x", "timezone": "UTC", "feed": {"url": calendar.url}})
    assert (refused.status_code, refused.json()["field"]) == (422, "feed.url")
    assert reason in refused.json()["detail"]
    assert TOKEN not in refused.text


async def test_while_a_feed_cannot_be_read_what_it_said_last_counts(api: Any) -> None:
    await contact(api, "Ada")
    await contact(api, "Grace")
    now = {"is": parse("2026-06-01T00:00:00Z")}
    store = Store(api.dependencies.store.database, lambda: now["is"])
    with publishing(feed("Ada")) as calendar:
        one = await create(api, feed={"url": calendar.url})
        reader = FeedReader(store.on_calls, CIPHER, LoopbackOutlets().fetch, lambda: now["is"])
        now["is"] = Instant(parse(one["feed"]["read_at"]) + EVERY - MINUTE)
        assert await reader.round() == 0
        now["is"] = Instant(now["is"] + 2 * MINUTE)
        calendar.answers.append((500, {}, b""))
        # Of two workers one reads it.
        assert sorted(await asyncio.gather(reader.round(), reader.round())) == [0, 1]
        broken = (await api.get(f"/on-call/{one['id']}")).json()["feed"]
        assert (broken["error"], broken["read_at"]) == (
            "must answer with a feed, but answered 500",
            one["feed"]["read_at"],
        )
        assert await at(api, one, "2026-06-01T00:00:00Z") == ["Ada"]
        calendar.text = feed("Grace")
        now["is"] = Instant(now["is"] + EVERY)
        assert await reader.round() == 1
        mended = (await api.get(f"/on-call/{one['id']}")).json()
    assert (mended["feed"]["error"], mended["version"]) == (None, one["version"])
    assert await at(api, one, "2026-06-01T00:00:00Z") == ["Grace"]


async def test_another_organizations_contacts_are_in_no_rotation(api: Any, make_api: Any) -> None:
    stranger = await make_api()
    theirs = await contact(stranger, "Ada")
    refused = await api.post("/on-call", {"name": "x", "timezone": "UTC", "rotation": turns(theirs)})
    assert (refused.status_code, refused.json()["field"]) == (422, "rotation.members[0]")
    one = await create(api, feed={"ical": feed("Ada")})
    assert await at(api, one, "2026-06-01T00:00:00Z") == []
