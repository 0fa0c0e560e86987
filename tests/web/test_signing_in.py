"""Who gets in, for how long, and what a session may do."""

from __future__ import annotations

from typing import Any

import pytest

from domain.access.scopes import READ, WRITE
from domain.instants import HOUR, Instant
from store.lists.listed import ListPart
from web.http import sessions
from web.http.headers import CONTENT_SECURITY_POLICY
from web.pages.listed import PAGES
from web.pages.sign_in.routes import within

FORM = (b"content-type", b"application/x-www-form-urlencoded")


async def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(make_board: Any) -> None:
    board = await make_board(scopes=())
    answer = await board.get("/?team=one")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?back=%2F%3Fteam%3Done")
    answer = await board.sign_in()
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
    assert (await board.get("/?team=one")).status_code == 200


async def test_a_link_on_another_site_finds_who_is_signed_in(make_board: Any) -> None:
    """The browser keeps the cookie back for such a link (SameSite=Strict); the page asks once more from here."""
    board = await make_board(scopes=())
    for site, asks in (("cross-site", True), ("same-origin", False), ("none", False)):
        page = await board.get("/sign-in?back=/tickets/x", headers={"Sec-Fetch-Site": site})
        assert ('http-equiv="refresh"' in page.text) is asks, site


@pytest.mark.parametrize("key", ["", "ak_live_nobody", "\N{SNOWMAN}", "x" * 10_000])
async def test_a_key_that_is_not_known_gets_no_session(make_board: Any, key: str) -> None:
    board = await make_board(scopes=())
    answer = await board.sign_in(key)
    assert answer.status_code == 401
    assert "not known or has been revoked" in answer.text
    assert "set-cookie" not in answer.headers


async def test_the_cookie_is_for_this_site_and_no_script_and_does_not_hold_the_key(make_board: Any) -> None:
    board = await make_board(scopes=())
    answer = await board.sign_in(headers={"X-Forwarded-Proto": "https"})
    cookie = answer.headers["set-cookie"]
    for word in ("HttpOnly", "SameSite=strict", "Secure", "Max-Age=43200", "Path=/"):
        assert word in cookie
    assert board.api.organization not in cookie


async def test_a_revoked_key_is_signed_out_at_once(board: Any) -> None:
    keys = (await board.api.dependencies.store.keys.list(board.api.organization, ListPart(10))).rows
    assert (await board.get("/")).status_code == 200
    for one in keys:
        await board.api.dependencies.store.keys.revoke(one.id)
    assert (await board.get("/")).status_code == 303


async def test_a_session_ends_after_twelve_hours(board: Any) -> None:
    now = board.api.dependencies.now()
    board.api.use(now=lambda: Instant(now + 11 * HOUR))
    assert (await board.get("/")).status_code == 200
    board.api.use(now=lambda: Instant(now + 13 * HOUR))
    assert (await board.get("/")).status_code == 303


@pytest.mark.parametrize("token", ["", "nonsense", "gAAAAA", "\xfc" * 20])
async def test_a_cookie_that_is_not_ours_is_none(make_board: Any, token: str) -> None:
    board = await make_board(scopes=())
    answer = await board.get("/", headers={"Cookie": f"{sessions.COOKIE}={token}".encode("latin-1")})
    assert answer.status_code == 303


async def test_what_is_encrypted_for_something_else_is_no_session(make_board: Any) -> None:
    board = await make_board(scopes=())
    for text in ("a secret", '{"purpose": "session"}', "[]", '{"purpose":"shared","until":9e18,"content":{}}'):
        sealed = board.api.dependencies.cipher.encrypted(text)
        assert (await board.get("/", headers={"Cookie": f"{sessions.COOKIE}={sealed}"})).status_code == 303


async def test_signing_out_ends_the_session(board: Any) -> None:
    answer = await board.send("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert (await board.get("/")).status_code == 303


@pytest.mark.parametrize("csrf", ["", "another", "\N{SNOWMAN}"])
async def test_a_form_without_the_token_of_its_session_changes_nothing(board: Any, csrf: str) -> None:
    answer = await board.http.post("/sign-out", data={"csrf": csrf})
    assert (answer.status_code, "earlier session" in answer.text) == (403, True)
    assert (await board.get("/")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://sla.example.com"},
        {"Origin": "https://sla.example.com"},
        {"Origin": "http://board"},
        {},
    ],
)
async def test_a_form_of_this_site_is_taken_whatever_a_proxy_calls_the_host(
    board: Any, headers: dict[str, str]
) -> None:
    board.api.use(public_url="https://sla.example.com/engine")
    await board.sign_in()
    answer = await board.http.post("/sign-out", data={"csrf": board.csrf}, headers=headers)
    # Over TLS the cookie would be sent; what is tried here is the refusal alone.
    assert "sent from another site" not in answer.text


async def test_where_the_public_address_is_https_cookies_are_for_tls_and_this_host_alone(make_board: Any) -> None:
    board = await make_board(scopes=())
    board.api.use(public_url="https://sla.example.com")
    cookie = (await board.sign_in()).headers["set-cookie"]
    assert cookie.startswith(f"__Host-{sessions.COOKIE}=")
    for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/"):
        assert word in cookie
    assert "Domain" not in cookie
    name, _, token = cookie.partition(";")[0].partition("=")
    assert (await board.get("/", headers={"Cookie": f"{name}={token}"})).status_code == 200
    # What a sibling of the domain could have planted.
    assert (await board.get("/", headers={"Cookie": f"{sessions.COOKIE}={token}"})).status_code == 303


async def test_a_sign_in_begins_a_session_of_its_own_whatever_cookie_came_along(make_board: Any) -> None:
    board = await make_board(scopes=())
    first = (await board.sign_in()).headers["set-cookie"].partition(";")[0]
    token = board.csrf
    second = (await board.sign_in()).headers["set-cookie"].partition(";")[0]
    assert (first != second, token != board.csrf) == (True, True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
    ],
)
async def test_a_form_of_another_site_is_refused(board: Any, headers: dict[str, str]) -> None:
    for path in ("/sign-out", "/sign-in"):
        answer = await board.http.post(path, data={"csrf": board.csrf, "key": "x"}, headers=headers)
        assert answer.status_code == 403, path


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://board/tickets/x?as_of=1", "back=%2Ftickets%2Fx%3Fas_of%3D1&"),
        ("https://sla.example.com/policies", "back=%2Fpolicies&"),
        ("https://evil.example/policies", ""),
        ("http://board//evil.example/", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
async def test_a_form_of_a_session_that_has_ended_leads_back_to_its_page_and_says_that_nothing_was_done(
    make_board: Any, referer: str, back: str
) -> None:
    board = await make_board(scopes=())
    board.api.use(public_url="https://sla.example.com")
    answer = await board.http.post("/policies/order", data={}, headers={"Referer": referer})
    assert answer.status_code == 303
    page = await board.get(answer.headers["location"])
    assert "what you sent was not done" in page.text
    if "evil" not in referer:
        assert answer.headers["location"] == f"/sign-in?{back}undone=1"
    assert "evil" not in page.text.partition("<main")[2]


async def test_a_part_whose_session_has_ended_leads_back_to_the_page_that_is_open(make_board: Any) -> None:
    board = await make_board(scopes=())
    headers = {"HX-Request": "true", "HX-Current-URL": "http://board/?team=one"}
    answer = await board.get("/?team=one", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in?back=%2F%3Fteam%3Done")


async def test_what_a_refusal_advises_fits_its_reason(make_board: Any) -> None:
    board = await make_board(scopes=(READ,))
    assert "has the scope" in (await board.send("/policies/new")).text
    board.csrf = "of another"
    answer = await board.http.post(
        "/policies/new", data={"csrf": "x"}, headers={"Referer": "http://board/policies/new"}
    )
    assert "Nothing was done" in answer.text
    assert "has the scope" not in answer.text
    assert 'href="/policies/new">Back to the page' in answer.text


async def test_a_form_that_is_too_large_is_refused_before_it_is_read(board: Any) -> None:
    answer = await board.http.post("/sign-in", content=b"", headers={"Content-Length": str(10**9)})
    assert answer.status_code == 413


async def test_a_form_whose_sender_goes_away_is_no_error_of_ours(board: Any) -> None:
    """Else whoever hangs up fills the log."""
    app = await board.api.app.state.board.app()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/sign-in",
        "query_string": b"",
        "headers": [(b"host", b"board"), (b"content-length", b"90"), FORM],
        "client": ("192.0.2.9", 1),
    }
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        told.append(message)

    await app(scope, receive, send)
    assert told[0]["status"] == 400


async def test_nothing_comes_from_elsewhere_and_nothing_is_inline(make_board: Any) -> None:
    signed_in, signed_out = await make_board(), await make_board(scopes=())
    pages = [await signed_in.get(one.path) for one in PAGES]
    for answer in (*pages, await signed_out.get("/sign-in"), await signed_in.get("/nowhere")):
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert "'unsafe" not in CONTENT_SECURITY_POLICY
        assert answer.headers["cache-control"] == "no-store"
        assert "<style" not in answer.text
        assert " style=" not in answer.text
        assert " onclick=" not in answer.text
        assert "<script>" not in answer.text
        assert 'src="http' not in answer.text


async def test_a_key_that_may_not_read_sees_no_page(make_board: Any) -> None:
    board = await make_board(scopes=(WRITE,))
    answer = await board.get("/")
    assert (answer.status_code, "does not have the scope sla:read" in answer.text) == (403, True)
    assert (await (await make_board(scopes=(READ,))).get("/")).status_code == 200


async def test_programs_get_json_where_people_get_pages(board: Any) -> None:
    for accept in ("application/json", "*/*", "text/html;q=0.1, application/json"):
        assert (await board.get("/", headers={"Accept": accept})).json()["name"] == "Slakeeper"
    assert "<title>Due next" in (await board.get("/")).text
    part = await board.get("/", headers={"Accept": "*/*", "HX-Request": "true"})
    assert ("<title>" in part.text, "Due within the hour" in part.text) == (False, True)


async def test_what_is_not_there_is_a_page_for_people_and_a_problem_for_programs(board: Any) -> None:
    answer = await board.get("/nowhere")
    assert (answer.status_code, "There is no such page" in answer.text) == (404, True)
    answer = await board.get("/nowhere", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (await board.get("/docs")).status_code == 200


async def test_while_the_store_is_away_a_page_says_so(board: Any, tmp_path: Any) -> None:
    await board.api.lose_store(tmp_path)
    answer = await board.get("/")
    assert (answer.status_code, "Nothing is lost" in answer.text) == (503, True)
    assert str(tmp_path) not in answer.text


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "evil",
        "",
        "/\nx",
        "/\t/evil.example",
        "\\\\evil",
        " //evil",
    ],
)
def test_the_way_back_never_leads_to_another_site(back: str) -> None:
    assert within(back) == "/"
