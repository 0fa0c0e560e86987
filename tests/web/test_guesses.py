"""Guessing keys is bounded, for each address."""

from __future__ import annotations

from typing import Any

import pytest

from domain.instants import SECOND, Instant
from service.tools import guesses as bounds
from service.tools.guesses import MOST, WITHIN, Guesses

NOW = Instant(0)


def failed(times: int, address: str = "192.0.2.1", guesses: Guesses | None = None) -> Guesses:
    guesses = guesses or Guesses()
    for number in range(times):
        guesses.fail(address, f"ak_live_{number}", NOW)
    return guesses


def test_an_address_waits_after_as_many_wrong_keys_and_until_they_are_long_ago() -> None:
    assert failed(MOST - 1).wait_seconds("192.0.2.1", NOW) == 0
    assert failed(MOST).wait_seconds("192.0.2.1", NOW) == WITHIN // SECOND
    assert failed(MOST).wait_seconds("192.0.2.1", Instant(NOW + WITHIN - 1)) == 1
    assert failed(MOST).wait_seconds("192.0.2.1", Instant(NOW + WITHIN)) == 0


@pytest.mark.parametrize(
    ("one", "other", "waits"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("", "", True),
        ("a socket", "192.0.2.1", False),
    ],
)
def test_who_shares_an_address_waits_together(one: str, other: str, waits: bool) -> None:
    assert bool(failed(MOST, one).wait_seconds(other, NOW)) is waits


def test_a_key_that_is_wrong_again_is_no_new_guess_and_makes_nobody_wait_longer() -> None:
    guesses = Guesses()
    for second in range(WITHIN // SECOND):
        guesses.fail("192.0.2.1", "ak_live_old", Instant(NOW + second * SECOND))
    assert guesses.wait_seconds("192.0.2.1", Instant(NOW + WITHIN - SECOND)) == 0
    waiting = failed(MOST)
    waiting.fail("192.0.2.1", "ak_live_0", Instant(NOW + WITHIN - SECOND))
    assert waiting.wait_seconds("192.0.2.1", Instant(NOW + WITHIN)) == 0


def test_many_addresses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_ADDRESSES", 3)
    guesses = Guesses(most=1)
    for number in range(5):
        failed(1, f"192.0.2.{number}", guesses)
    assert [bool(guesses.wait_seconds(f"192.0.2.{number}", NOW)) for number in range(5)] == [False] * 2 + [True] * 3


async def test_after_ten_wrong_keys_not_even_the_right_one_is_looked_at_for_a_while(make_board: Any) -> None:
    board = await make_board(scopes=())
    for number in range(MOST):
        assert (await board.sign_in(f"ak_live_guess_{number}")).status_code == 401
    answer = await board.sign_in()
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "300")
    assert "no other is looked at for 5 min" in answer.text
    assert "set-cookie" not in answer.headers
    # One bound for both doors.
    assert (await board.http.get("/api/v2/sla/policies", headers={"X-API-Key": "ak_live_guessed"})).status_code == 429
    now = board.api.dependencies.now()
    board.api.use(now=lambda: Instant(now + WITHIN))
    assert (await board.sign_in()).status_code == 303
