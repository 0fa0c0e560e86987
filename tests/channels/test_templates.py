"""Templates of an organization: checked before they are kept, previewed, bounded, and never in the way of a notice."""

from __future__ import annotations

import logging
import re
import time
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.wording import templates
from channels.wording.language import FILTERS
from channels.wording.sample import SAMPLES
from channels.wording.templates import LONGEST_MESSAGE, LONGEST_SOURCE, NAMES, PARTS, builtin, compose, preview
from channels.wording.times import Reader
from domain.errors import InvalidValue

ROOT = Path(__file__).parents[2]
NOW = Reader("Europe/Berlin", datetime(2026, 3, 2, 14, 33, tzinfo=UTC))
CHANNELS = ("email", "apprise")


def the_problem(source: str, part: str = "text") -> str:
    with pytest.raises(InvalidValue) as refused:
        templates.check({part: source}, PARTS)
    assert refused.value.field == f"templates.{part}"
    return refused.value.reason


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("type_", SAMPLES)
def test_the_built_in_words_tell_every_type_of_notice(channel: str, type_: str) -> None:
    message = preview(channel, {}, type_=type_)
    assert message.subject.endswith(" - No dial tone")
    assert "Europe/Berlin" in message.text
    assert "https://desk.example.com/tickets/42" in message.text
    assert (message.html is None) == (channel == "apprise")
    assert message.problem is None
    assert "\n\n\n" not in message.text
    assert "None" not in message.text + (message.html or "")


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_built_in_templates_pass_the_check_of_ones_own(channel: str) -> None:
    parts = templates.builtin_parts(channel)
    templates.check({part: builtin(channel, part) for part in parts}, parts)


def test_a_template_may_say_everything_there_is_to_say_of_a_notice() -> None:
    parts = {"ticket": "ticket.name", **{name: f"{name} and {name}.at" for name in ("planned", "due", "stopped")}}
    everything = "\n".join(f"{name}: {{{{ {parts.get(name, name)} }}}}" for name in sorted(NAMES))
    text = preview("apprise", {"text": everything}, "Asia/Tokyo", "escalated").text
    assert "policy: Urgent\n" in text
    assert "escalation: notify team lead 15 min after the breach\n" in text
    assert "timezone: Asia/Tokyo\n" in text


def test_what_a_template_leaves_out_is_the_built_in_part() -> None:
    message = preview("email", {"subject": "{{ ticket.id }}\n{{ state|upper }}"})
    assert message.subject == "42 BREACHED"
    assert message.text == preview("email", {}).text


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("Hello\n{{ tikcet.id }}", "line 2: there is no 'tikcet'; there are budget, delay, due, "),
        ("Hello\n\n{{ ticket.tilte }}", "line 3: 'dict object' has no attribute 'tilte' (in a notice of type halfway)"),
        ("{% if due %}\n{{ due.at }}", "line 2: Unexpected end of template"),
        ("{{ due.at }}", "line 1: 'None' has no attribute 'at' (in a notice of type halfway of a paused ticket"),
        ("{{ ticket.__class__.__mro__ }}", "line 1: 'dict object' has no attribute '__class__'"),
        ("{{ ticket['__class__'] }}", "line 1: 'dict object' has no attribute '__class__'"),
        ("{{ ticket.id.encode }}", "line 1: 'str object' has no attribute 'encode'"),
        ("{{ ticket.items }}", "line 1: 'dict object' has no attribute 'items'"),
        ("{{ 'a'.format }}", "line 1: 'str object' has no attribute 'format'"),
        ("a\n{{ due }}", "line 2: has several parts, of which one must be named: "),
        ("{{ ticket }}", "line 1: has several parts, of which one must be named: id, name, title, url, priority"),
        ("{{ message|xmlattr }}", "line 1: there is no filter 'xmlattr'; there are capitalize, "),
        ("{% for a in message %}x{% endfor %}", "line 1: a template must not loop ('for'): a notice holds no lists"),
        ("{{ 'a' * 999999999 }}", "line 1: a template must not calculate"),
        ("\n{{ 9 ** 9 ** 9 }}", "line 2: a template must not calculate"),
        ("{{ message.format(1) }}", "line 1: a template must not call functions or methods"),
        ("{{ range(9) }}", "line 1: a template must not call functions or methods"),
        ("{% set a = message %}", "line 1: a template must not set variables"),
        ("{% include '/etc/passwd' %}", "line 1: a template must not include other templates"),
        ("{% macro a() %}{% endmacro %}", "line 1: a template must not define macros"),
        ("{% autoescape false %}{% endautoescape %}", "line 1: a template must not change how values are escaped"),
        ("{{ message|safe }}", "line 1: there is no filter 'safe'"),
        ("{{ message|truncate('a') }}", "line 1: '>=' not supported between instances of 'str' and 'int'"),
        ("  ", "must be a text that is not empty"),
        ("x" * (LONGEST_SOURCE + 1), f"must be at most {LONGEST_SOURCE} characters long"),
        ("\x00", "must"),
    ],
)
def test_a_template_that_cannot_be_rendered_is_refused_by_its_line(source: str, problem: str) -> None:
    assert the_problem(source).startswith(problem)


def test_an_error_shows_the_line_that_it_is_about() -> None:
    with pytest.raises(InvalidValue, match=r"line 2: there is no 'tikcet'.*got '\{\{ tikcet \}\}'$"):
        templates.check({"text": "Hello\n{{ tikcet }}\nBye"}, PARTS)


def test_a_part_that_a_channel_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidValue, match="templates: must be for subject, text, got 'html'"):
        preview("apprise", {"html": "x"})


HOSTILE = {
    "parentheses": "{{ " + "(" * 9000 + "1" + ")" * 9000 + " }}",
    "lists": "{{ " + "[" * 5000 + "]" * 5000 + " }}",
    "filters": "{{ message" + "|e" * 9000 + " }}",
    "negations": "{{ " + "not " * 4000 + "1 }}",
    "conditions": "{% if type %}" * 600 + "{% endif %}" * 600,
    "slices": "{{ message" + "[0:]" * 4000 + " }}",
    "choices": "{{ " + "1 if 1 else (" * 1000 + "1" + ")" * 1000 + " }}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_template_that_is_nested_without_end_is_refused_at_once(kind: str) -> None:
    begun = time.monotonic()
    assert the_problem(HOSTILE[kind]) == "is nested too deep"
    assert time.monotonic() - begun < 5


def test_a_template_that_makes_too_long_a_text_is_refused() -> None:
    """By its longest values: a title of 500 characters, named again and again."""
    ticket = {**SAMPLES["breached"]["data"]["ticket"], "title": "x" * 500}
    notice = {**SAMPLES["breached"], "data": {**SAMPLES["breached"]["data"], "ticket": ticket}}
    source = "{{ ticket.title }}" * (LONGEST_SOURCE // 20)
    message = compose("apprise", notice, {"text": source}, NOW)
    assert message.problem == f"text, makes more than {LONGEST_MESSAGE} characters"
    assert len(message.text) < 2000


def test_html_is_escaped_and_text_is_not() -> None:
    ticket = {**SAMPLES["breached"]["data"]["ticket"], "title": "<b>&</b>"}
    notice = {**SAMPLES["breached"], "data": {**SAMPLES["breached"]["data"], "ticket": ticket}}
    for own in ({}, {"text": "{{ ticket.title }}", "html": "<p>{{ ticket.title }}</p>"}):
        message = compose("email", notice, own, NOW)
        assert message.html is not None
        assert "<b>&</b>" in message.text
        assert "&lt;b&gt;&amp;&lt;/b&gt;" in message.html
        assert "<b>" not in message.html


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_template_that_fails_as_it_is_sent_gives_way_to_the_built_in_words_which_say_so(
    channel: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It passed no check, or one of an earlier version."""
    with caplog.at_level(logging.WARNING, logger="slakeeper.notices"):
        message = compose(channel, SAMPLES["at_risk"], {"text": "\n{{ nonsense }}"}, NOW)
    assert message.problem is not None
    assert message.problem.startswith("text, line 2: there is no 'nonsense'")
    said = "The template of your organization failed (text, line 2: there is no 'nonsense'"
    assert said in message.text
    assert channel != "email" or said.replace("'", "&#39;") in str(message.html)
    assert message.subject == preview(channel, {}, type_="at_risk").subject
    assert f"notice {SAMPLES['at_risk']['id']} is told in the built-in words on {channel}" in caplog.text


def test_the_built_in_templates_are_in_what_is_installed() -> None:
    (pattern,) = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["channels"]
    installed = set((ROOT / "channels").glob(pattern))
    assert {ROOT / "channels/wording/builtin" / channel / f"{part}.j2" for channel in CHANNELS for part in PARTS} - {
        ROOT / "channels/wording/builtin/apprise/html.j2"
    } == installed


def test_the_page_of_receivers_explains_every_name_and_every_filter() -> None:
    page = (ROOT / "docs" / "receivers.md").read_text()
    rows = re.findall(r"^\| ((?:`[a-z.]+`(?:, )?)+) \|", page.partition("## Templates")[2], re.MULTILINE)
    explained = {name.partition(".")[0] for row in rows for name in re.findall(r"`([a-z.]+)`", row)}
    assert explained == NAMES
    assert [name for name in FILTERS if f"`{name}`" not in page] == []


def test_a_subject_is_one_line() -> None:
    assert preview("email", {"subject": "a\nBcc: {{ ticket.id }}\n"}).subject == "a Bcc: 42"
    assert len(preview("email", {"subject": "x" * 999}).subject) == 200
