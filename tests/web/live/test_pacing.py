"""A large audience is told of changes less often, and of none too little."""

from __future__ import annotations

from web.live.pacing import FETCHES_A_SECOND, Pacing

NOBODY: tuple[str, ...] = ()


def test_a_small_audience_is_told_at_each_look() -> None:
    pacing = Pacing()
    assert [pacing.told_now(["acme"], ["acme"] * 10, now) for now in (1.0, 2.0, 3.0)] == [{"acme"}] * 3


def test_a_change_that_comes_too_soon_is_told_later_and_once() -> None:
    pacing, audience = Pacing(), ["acme"] * 3 * FETCHES_A_SECOND
    assert pacing.told_now(["acme"], audience, 1.0) == {"acme"}
    assert pacing.told_now(["acme"], audience, 2.0) == NOBODY_TOLD
    assert pacing.told_now(NOBODY, audience, 3.0) == NOBODY_TOLD
    assert pacing.told_now(NOBODY, audience, 4.0) == {"acme"}
    assert pacing.told_now(NOBODY, audience, 9.0) == NOBODY_TOLD


def test_the_audience_of_one_organization_holds_up_no_other() -> None:
    pacing = Pacing()
    audience = ["acme"] * 10 * FETCHES_A_SECOND + ["other"]
    assert pacing.told_now(["acme", "other"], audience, 1.0) == {"acme", "other"}
    assert pacing.told_now(["acme", "other"], audience, 2.0) == {"other"}


def test_what_nobody_waits_for_is_forgotten() -> None:
    pacing = Pacing()
    assert pacing.told_now(["acme"], NOBODY, 1.0) == NOBODY_TOLD
    assert pacing.told_now(NOBODY, ["acme"], 2.0) == NOBODY_TOLD


NOBODY_TOLD: frozenset[str] = frozenset()
