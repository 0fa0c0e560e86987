"""Who may send: each scheme, its header, its bytes and its time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest

from domain.instants import SECOND, Instant, parse, render
from sources.hooks import Delivery, Source, mapping_from, vendor
from tests.sources.hooks.mappings import a_mapping

NOW = parse("2026-03-02T09:00:00Z")


def verdict(mapping: str | dict[str, Any], delivery: Delivery, *secrets: str, by: tuple[str, ...] = ()) -> str:
    """Why a delivery is refused; empty: it is accepted."""
    read = vendor(mapping) if isinstance(mapping, str) else mapping_from(mapping)
    answer = Source(read, verify_by=by).verify(secrets, delivery)
    assert answer.accepted is (answer.reason == "")
    return answer.reason


def test_the_signature_that_github_publishes_holds() -> None:
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    delivery = Delivery(b"Hello, World!", NOW, {"X-Hub-Signature-256": signature})
    assert verdict("github", delivery, "It's a Secret to Everybody") == ""
    assert verdict("github", delivery, "It's a secret to everybody") != ""


def test_the_signature_that_standard_webhooks_publish_holds() -> None:
    """The example of the specification's libraries."""
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    body, secret = b'{"test": 2432232314}', "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    sent_at = Instant(1614265330 * SECOND)
    assert verdict("standard_webhooks", Delivery(body, sent_at, headers), secret) == ""
    assert verdict("cloudevents", Delivery(body, sent_at, headers), secret, by=("standard_webhooks",)) == ""
    several = {**headers, "webhook-signature": f"v1a,AAAA {headers['webhook-signature']}"}
    assert verdict("standard_webhooks", Delivery(body, sent_at, several), secret) == ""
    assert "does not fit" in verdict(
        "standard_webhooks", Delivery(body, sent_at, {**headers, "webhook-id": "msg_2"}), secret
    )
    assert "does not fit" in verdict("standard_webhooks", Delivery(body, sent_at, headers), "whsec_no base64!")


@pytest.mark.parametrize("late", [301, -301])
def test_what_was_signed_too_long_ago_or_ahead_is_refused_though_its_signature_holds(late: int) -> None:
    stamp, body = render(NOW), b"{}"
    signature = base64.b64encode(hmac.new(b"s", stamp.encode() + body, hashlib.sha256).digest()).decode()
    headers = {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
    assert verdict("zendesk", Delivery(body, Instant(NOW + 300 * SECOND), headers), "s") == ""
    refused = verdict("zendesk", Delivery(body, Instant(NOW + late * SECOND), headers), "s")
    assert refused == f"X-Zendesk-Webhook-Signature-Timestamp is more than 300 s from the arrival: {stamp}"


def test_an_empty_body_is_signed_too() -> None:
    stamp = render(NOW)
    signature = base64.b64encode(hmac.new(b"s", stamp.encode(), hashlib.sha256).digest()).decode()
    headers = {"x-zendesk-webhook-signature": signature, "x-zendesk-webhook-signature-timestamp": stamp}
    assert verdict("zendesk", Delivery(b"", NOW, headers), "s") == ""


def test_hubspot_signs_the_method_and_the_public_address_as_well() -> None:
    uri, body, stamp = "https://sla.example.com/hooks/src_1?x=1", b"[]", str(NOW // 1000)
    signed = f"POST{uri}[]{stamp}".encode()
    signature = base64.b64encode(hmac.new(b"s", signed, hashlib.sha256).digest()).decode()
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    assert verdict("hubspot", Delivery(body, NOW, headers, "POST", uri), "s") == ""
    assert verdict("hubspot", Delivery(body, NOW, headers, "POST", "http://10.0.0.7:8080/hooks/src_1?x=1"), "s") != ""
    assert verdict("hubspot", Delivery(body, NOW, headers, "PUT", uri), "s") != ""


def test_of_several_signatures_any_may_fit_while_pagerduty_rotates_its_secret() -> None:
    new = hmac.new(b"new", b"{}", hashlib.sha256).hexdigest()
    delivery = Delivery(b"{}", NOW, {"X-PagerDuty-Signature": f"v1={'0' * 64}, v1={new}"})
    assert verdict("pagerduty", delivery, "new") == ""
    assert verdict("pagerduty", delivery, "old", "new") == ""
    assert verdict("pagerduty", delivery, "old") != ""


def test_a_token_may_stand_in_a_header_behind_a_word_or_in_the_address() -> None:
    assert verdict("gitlab", Delivery(b"", NOW, {"x-gitlab-token": "s"}), "s") == ""
    assert (
        verdict("gitlab", Delivery(b"", NOW, {"x-gitlab-token": "t"}), "s")
        == "the token in the header X-Gitlab-Token does not fit"
    )
    assert verdict("alertmanager", Delivery(b"", NOW, {"Authorization": "Bearer s"}), "s") == ""
    assert verdict("freshdesk", Delivery(b"", NOW, uri="https://sla.example.com/hooks/1?token=s%2B1"), "s+1") == ""
    basic = base64.b64encode(b"sla:pass:word").decode()
    assert verdict("opsgenie", Delivery(b"", NOW, {"Authorization": f"basic {basic}"}), "sla:pass:word") == ""


def test_nobody_is_let_in_without_a_proof_unless_the_source_asks_for_it() -> None:
    delivery = Delivery(b"{}", NOW)
    for name in ("opsgenie", "alertmanager", "servicenow", "freshdesk", "zammad", "chatwoot", "jira", "cloudevents"):
        assert verdict(name, delivery, "s") != ""
        assert verdict(name, delivery, "s", by=("unsigned",)) == ""


def test_a_header_of_strange_characters_is_refused_and_harms_nothing() -> None:
    for value in ("é" * 64, "\ud800", "\0", "sha256=", "sha256", " "):
        assert verdict("github", Delivery(b"{}", NOW, {"X-Hub-Signature-256": value}), "s") != ""
        assert verdict("gitlab", Delivery(b"{}", NOW, {"X-Gitlab-Token": value}), "s") != ""
        assert (
            verdict(
                "zendesk",
                Delivery(
                    b"", NOW, {"X-Zendesk-Webhook-Signature": "x", "X-Zendesk-Webhook-Signature-Timestamp": value}
                ),
                "s",
            )
            != ""
        )


def test_a_refusal_names_what_each_scheme_missed_and_no_secret() -> None:
    mapping = a_mapping(verify=[{"scheme": "basic"}, {"scheme": "token", "header": "X-Token"}])
    assert verdict(mapping, Delivery(b"{}", NOW, {"X-Token": "wrong"}), "hidden") == (
        "basic: the header Authorization is missing; token: the token in the header X-Token does not fit"
    )


def test_front_is_answered_with_its_challenge() -> None:
    source = Source(vendor("front"))
    answer = source.challenge(Delivery(b'{"type": "sync"}', NOW, {"X-Front-Challenge": "abc"}))
    assert answer is not None
    assert answer.body == {"challenge": "abc"}
    assert source.challenge(Delivery(b'{"type": "archive"}', NOW)) is None
    assert source.challenge(Delivery(b"\xff", NOW)) is None
    in_body = Source(mapping_from(a_mapping(challenge={"from": "body.challenge"})))
    said = in_body.challenge(Delivery(b'{"challenge": "xyz"}', NOW))
    assert said is not None
    assert said.body == "xyz"
