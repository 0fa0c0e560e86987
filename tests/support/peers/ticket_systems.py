"""Ticket systems on loopback, as far as connectors ask them: the requests of their published APIs as they were
understood, and answers of that shape. Each holds one ticket."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

PAGE = 100
Query = Mapping[str, str]
Handler = Callable[["System", re.Match[str], Query, Any], tuple[int, Any]]


@dataclass
class Asked:
    method: str
    path: str
    query: Query
    body: Any
    headers: Mapping[str, str]


@dataclass
class System:
    """`answers` are given first, one a request, in place of the right one: status, headers, and seconds until then."""

    kind: str
    url: str = ""
    subject: str = ""
    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], float]] = field(default_factory=list)
    ticket: dict[str, Any] = field(default_factory=dict)
    comments: list[dict[str, Any]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    """Comments as the system lists them, by pages of a hundred."""

    @property
    def writes(self) -> list[Asked]:
        return [one for one in self.asked if one.method != "GET"]

    @property
    def credentials(self) -> dict[str, str]:
        if self.kind in ("github", "gitlab", "zammad"):
            return {"token": "t-o-k-e-n"}
        return {"user": "sla@example.com/token", "password": "t-o-k-e-n"}

    def knows(self, headers: Mapping[str, str]) -> bool:
        pair = base64.b64encode(b"sla@example.com/token:t-o-k-e-n").decode()
        wanted = {
            "github": ("authorization", "Bearer t-o-k-e-n"),
            "gitlab": ("private-token", "t-o-k-e-n"),
            "zammad": ("authorization", "Token token=t-o-k-e-n"),
        }.get(self.kind, ("authorization", f"Basic {pair}"))
        return headers.get(wanted[0]) == wanted[1]


# GitHub: labels are teams and priorities, too.


def _github_issue(system: System) -> dict[str, Any]:
    return {**system.ticket, "labels": [{"name": tag} for tag in system.tags]}


def _github_patch(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    system.ticket |= body
    return 200, _github_issue(system)


def _github_labels(system: System, match: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    kept = [] if match["method"] == "PUT" else system.tags
    system.tags = list(dict.fromkeys([*kept, *body["labels"]]))
    return 200, [{"name": tag} for tag in system.tags]


def _comment(key: str, status: int = 201) -> Handler:
    def handle(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
        system.comments.append({"id": 900 + len(system.comments), "body": body[key], **body})
        return status, system.comments[-1]

    return handle


def _comments(wrap: Callable[[list[Any]], Any]) -> Handler:
    def handle(system: System, _m: re.Match[str], query: Query, _b: Any) -> tuple[int, Any]:
        begin = (int(query.get("page", "1")) - 1) * PAGE + int(query.get("startAt") or query.get("page[after]") or 0)
        every = [*system.comments, *system.replies]
        return 200, wrap(every[begin : begin + PAGE])

    return handle


def _zendesk_comments(system: System, _m: re.Match[str], query: Query, _b: Any) -> tuple[int, Any]:
    end = int(query.get("page[after]") or 0) + PAGE
    every = [*system.comments, *system.replies]
    users = [{"id": 1, "name": "Ada", "role": "agent"}, {"id": 2, "name": "Carla", "role": "end-user"}]
    meta = {"has_more": end < len(every), "after_cursor": str(end)}
    return 200, {"comments": every[end - PAGE : end], "users": users if query.get("include") else [], "meta": meta}


def _zammad_articles(system: System, _m: re.Match[str], _q: Query, _b: Any) -> tuple[int, Any]:
    return 200, [*system.comments, *system.replies]


def _changed(wrap: Callable[[list[Any]], Any]) -> Handler:
    def handle(system: System, _m: re.Match[str], query: Query, _b: Any) -> tuple[int, Any]:
        first = int(query.get("page", "1")) == 1 and int(query.get("sysparm_offset", "0")) == 0
        return 200, wrap(system.changed if first else [])

    return handle


def _json(document: Any) -> Handler:
    return lambda _s, _m, _q, _b: (200, document)


_ISSUE = r"/repos/acme/desk/issues/7"
_GITLAB = r"/api/v4/projects/acme%2Fdesk/issues/7"


def _gitlab_put(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    gone = (body.get("remove_labels") or "").split(",")
    added = [one for one in (body.get("add_labels") or "").split(",") if one]
    system.tags = [*dict.fromkeys([*(tag for tag in system.tags if tag not in gone), *added])]
    if "state_event" in body:
        system.ticket["state"] = {"close": "closed", "reopen": "opened"}[body["state_event"]]
    return 200, {"iid": 7, "labels": system.tags}


def _zendesk_put(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    changes = dict(body["ticket"])
    if (comment := changes.pop("comment", None)) is not None:
        system.comments.append(comment)
    system.ticket |= changes
    return 200, {"ticket": system.ticket}


def _zendesk_tags(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    system.tags = list(dict.fromkeys([*system.tags, *body["tags"]]))
    return 200, {"tags": system.tags}


def _jira_put(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    for name, value in body.get("fields", {}).items():
        system.ticket[name] = value
    for one in body.get("update", {}).get("labels", []):
        system.tags = list(dict.fromkeys([*system.tags, one["add"]]))
    return 204, None


_TRANSITIONS = {"transitions": [{"id": "31", "name": "Done!", "to": {"name": "Done"}}]}


def _jira_move(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    assert body["transition"]["id"] == "31"
    system.ticket["status"] = {"name": "Done"}
    return 204, None


def _jira_issue(system: System, _m: re.Match[str], _q: Query, _b: Any) -> tuple[int, Any]:
    return 200, {"key": "KT-7", "fields": system.ticket}


def _zammad_put(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    system.ticket |= body
    return 200, system.ticket


def _zammad_tag(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    assert (body["object"], body["o_id"]) == ("Ticket", "7")
    system.tags = list(dict.fromkeys([*system.tags, body["item"]]))
    return 201, True


def _snow_patch(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    changes = dict(body)
    if (note := changes.pop("work_notes", None)) is not None:
        system.comments.append({"body": note})
    system.ticket |= changes
    return 200, {"result": system.ticket}


def _snow_incidents(system: System, _m: re.Match[str], query: Query, _b: Any) -> tuple[int, Any]:
    if "number=INC7" in query["sysparm_query"]:
        return 200, {"result": [{"sys_id": "s7"}]}
    if "number=" in query["sysparm_query"]:
        return 200, {"result": []}
    return _changed(lambda found: {"result": found})(system, _m, query, _b)


def _snow_journal(system: System, _m: re.Match[str], query: Query, _b: Any) -> tuple[int, Any]:
    if "^element=comments" in query["sysparm_query"]:
        begin = int(query.get("sysparm_offset", "0"))
        return 200, {"result": system.replies[begin : begin + PAGE]}
    marker = query["sysparm_query"].rpartition("LIKE")[2]
    return 200, {"result": [{"sys_id": "j"} for one in system.comments if marker in one["body"]]}


def _snow_entry(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    assert (body["label"], body["table"], body["table_key"]) == ("l1", "incident", "s7")
    system.tags.append(system.ticket["_label"])
    system.ticket["_tied"] = True
    return 201, {"result": {}}


def _snow_label(system: System, _m: re.Match[str], _q: Query, body: Any) -> tuple[int, Any]:
    system.ticket["_label"] = body["name"]
    return 201, {"result": {"sys_id": "l1"}}


def _snow_found(name: str) -> Handler:
    return lambda system, _m, _q, _b: (200, {"result": [{"sys_id": "l1"}] if name in system.ticket else []})


ROUTES: Mapping[str, list[tuple[str, str, Handler]]] = {
    "github": [
        ("GET", "/user", _json({"login": "sla-bot"})),
        ("GET", _ISSUE, lambda system, _m, _q, _b: (200, _github_issue(system))),
        ("PATCH", _ISSUE, _github_patch),
        ("(?P<method>POST|PUT)", f"{_ISSUE}/labels", _github_labels),
        ("GET", f"{_ISSUE}/comments", _comments(list)),
        ("POST", f"{_ISSUE}/comments", _comment("body")),
        ("GET", "/repos/acme/desk/issues", _changed(list)),
        ("GET", "/repos/acme/desk/issues/comments", _comments(list)),
    ],
    "gitlab": [
        ("GET", "/api/v4/user", _json({"username": "sla-bot"})),
        ("PUT", _GITLAB, _gitlab_put),
        ("GET", f"{_GITLAB}/notes", _comments(list)),
        ("POST", f"{_GITLAB}/notes", _comment("body")),
        ("GET", "/api/v4/projects/acme%2Fdesk/issues", _changed(list)),
    ],
    "zendesk": [
        ("GET", "/api/v2/users/me.json", _json({"user": {"email": "sla@example.com"}})),
        ("PUT", "/api/v2/tickets/7.json", _zendesk_put),
        ("PUT", "/api/v2/tickets/7/tags.json", _zendesk_tags),
        ("GET", "/api/v2/tickets/7/comments.json", _zendesk_comments),
        (
            "GET",
            "/api/v2/incremental/tickets/cursor.json",
            _changed(lambda found: {"tickets": found, "after_cursor": "abc", "end_of_stream": True}),
        ),
    ],
    "jira": [
        ("GET", "/rest/api/2/myself", _json({"displayName": "SLA Bot"})),
        ("GET", "/rest/api/2/priority", _json([{"id": "2", "name": "High"}, {"id": "3", "name": "Medium"}])),
        ("GET", "/rest/api/2/issue/KT-7", _jira_issue),
        ("PUT", "/rest/api/2/issue/KT-7", _jira_put),
        ("GET", "/rest/api/2/issue/KT-7/transitions", _json(_TRANSITIONS)),
        ("POST", "/rest/api/2/issue/KT-7/transitions", _jira_move),
        ("GET", "/rest/api/2/issue/KT-7/comment", _comments(lambda found: {"comments": found})),
        ("POST", "/rest/api/2/issue/KT-7/comment", _comment("body")),
        ("GET", "/rest/api/2/search/jql", _changed(lambda found: {"issues": found})),
    ],
    "zammad": [
        ("GET", "/api/v1/users/me", _json({"login": "sla@example.com"})),
        ("PUT", "/api/v1/tickets/7", _zammad_put),
        ("POST", "/api/v1/tags/add", _zammad_tag),
        ("GET", "/api/v1/ticket_articles/by_ticket/7", _zammad_articles),
        ("POST", "/api/v1/ticket_articles", _comment("body")),
        ("GET", "/api/v1/tickets/search", _changed(list)),
    ],
    "servicenow": [
        ("GET", "/api/now/table/sys_user", _json({"result": [{"user_name": "sla.bot"}]})),
        ("GET", "/api/now/table/incident", _snow_incidents),
        ("PATCH", "/api/now/table/incident/s7", _snow_patch),
        ("GET", "/api/now/table/sys_journal_field", _snow_journal),
        ("GET", "/api/now/table/label", _snow_found("_label")),
        ("POST", "/api/now/table/label", _snow_label),
        ("GET", "/api/now/table/label_entry", _snow_found("_tied")),
        ("POST", "/api/now/table/label_entry", _snow_entry),
    ],
}
SUBJECTS = {
    "github": "acme/desk#7",
    "gitlab": "acme/desk#7",
    "zendesk": "7",
    "jira": "KT-7",
    "zammad": "7",
    "servicenow": "INC7",
}
_FIRST: Mapping[str, dict[str, Any]] = {
    "github": {"number": 7, "state": "open"},
    "jira": {"status": {"name": "Open"}, "components": [{"name": "web"}, {"name": "first"}]},
}


def _answer(system: System, method: str, target: str, body: Any) -> tuple[int, Any]:
    parts = urlsplit(target)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    for verb, path, handler in ROUTES[system.kind]:
        match = re.fullmatch(f"{verb} {re.escape(path)}", f"{method} {parts.path}")
        if match is not None:
            return handler(system, match, query, body)
    return 404, {"message": "Not Found"}


def answered(system: System, method: str, path: str, query: Query) -> Any:
    """What the system answers to a request that reads, without a connection."""
    status, document = _answer(system, method, f"{path}?{urlencode(query)}", None)
    assert status == 200, (path, document)
    return document


@contextmanager
def ticket_system(kind: str) -> Iterator[System]:
    system = System(kind, subject=SUBJECTS[kind], ticket=dict(_FIRST.get(kind, {})), tags=["old", "team-first"])

    class Handle(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            system.asked.append(Asked(self.command, parts.path, query, body, headers))
            status, sent, seconds = system.answers.pop(0) if system.answers else (0, {}, 0.0)
            time.sleep(seconds)
            document: Any = {"message": "No"}
            if not status:
                known = system.knows(headers)
                status, document = (
                    _answer(system, self.command, self.path, body) if known else (401, {"message": "Bad"})
                )
            content = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            for name, value in sent.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = _handle  # noqa: N815 - the library's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handle)
    server.daemon_threads = True
    system.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
