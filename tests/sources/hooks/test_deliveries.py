"""Bodies as documents: what is no JSON is refused with the reason."""

from __future__ import annotations

import pytest

from sources.hooks import Delivery
from sources.hooks.deliveries import DEEPEST, NotReadable, decoded
from tests.sources.hooks.mappings import NOW


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a": 1e999}', "a number is too large"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": ' + b"9" * 5000 + b"}", "must be JSON"),
        (b"\xc3\x28", "must be UTF-8"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), f"must be nested at most {DEEPEST} levels deep"),
        (b'{"a"', "must be JSON"),
    ],
)
def test_what_is_no_document_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(NotReadable, match=reason):
        decoded(Delivery(body, NOW))


def test_a_document_is_read_with_a_mark_of_order_and_as_a_field_of_a_form() -> None:
    assert decoded(Delivery(b'\xef\xbb\xbf{"a": 1}', NOW)) == {"a": 1}
    form = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    assert decoded(Delivery(b"payload=%7B%22a%22%3A1%7D&x=2", NOW, form), "payload") == {"a": 1}
    assert decoded(Delivery(b"other=1", NOW, form), "payload") is None
    assert decoded(Delivery(b'{"a": 1}', NOW), "payload") == {"a": 1}
