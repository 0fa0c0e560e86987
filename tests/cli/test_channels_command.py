"""`sla channels`: what there is, what a message would say, and a sample that really arrives."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from cli import main
from tests.support.peers.mailbox import receiving_mail
from tests.support.peers.receiver import receiving


class Run:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def __call__(self, *arguments: str, **settings: str) -> tuple[int, str, str]:
        """Exit code, output and complaints of a command in this process."""
        self._monkeypatch.setattr(sys, "argv", ["sla", "channels", *arguments])
        for name, value in settings.items():
            self._monkeypatch.setenv(name, value)
        self._capsys.readouterr()
        return main.run(), *self._capsys.readouterr()


@pytest.fixture
def run(env: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(monkeypatch, capsys)


def test_the_list_says_what_is_lacking(run: Run) -> None:
    _, listed, _ = run("list")
    assert [line.split()[0] for line in listed.splitlines()] == ["channel", "webhook", "email", "apprise"]
    assert "needs SLA_SMTP_HOST and SLA_SMTP_FROM" in listed
    _, listed, _ = run("list", SLA_SMTP_HOST="mail.example.com", SLA_SMTP_FROM="sla@example.com")
    assert "needs" not in listed


def test_a_sample_arrives_signed_and_an_address_inside_is_refused_unless_it_is_allowed(run: Run) -> None:
    _, made, _ = run("secret")
    secret = made.strip()
    with receiving() as receiver:
        code, _, complaint = run("test", "webhook", receiver.url, "--secret", secret)
        assert (code, receiver.received) == (1, [])
        assert "address: must be on the public internet, but is loopback" in complaint
        code, said, _ = run("test", "webhook", receiver.url, "--secret", secret, SLA_ALLOW_PRIVATE_RECEIVERS="true")
        assert (code, said.split()[1:]) == (0, ["has", "taken", "it"])
        assert Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)["type"] == "sla.breached"
        receiver.answers = [(410, {})]
        code, _, complaint = run("test", "webhook", receiver.url)
        assert code == 1
        assert "answered 410" in complaint


def test_a_sample_mail_is_told_now_in_the_readers_zone(run: Run) -> None:
    with receiving_mail() as mailbox:
        server = {"SLA_SMTP_HOST": "127.0.0.1", "SLA_SMTP_PORT": str(mailbox.port), "SLA_SMTP_SECURITY": "none"}
        run("test", "email", "ada@example.com", "--zone", "Asia/Tokyo", SLA_SMTP_FROM="sla@example.com", **server)
    text = mailbox.messages[0].get_body(("plain",))
    assert text is not None
    assert "(now)" in text.get_content()
    assert "Asia/Tokyo" in text.get_content()


def test_a_template_of_ones_own_is_previewed_and_a_bad_one_is_named_by_its_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "text.j2"
    file.write_text("{{ headline }}\n{{ reason }}\n")
    code, said, _ = run("preview", "apprise", "--text", str(file), "--type", "withdrawn", "--zone", "Asia/Tokyo")
    assert code == 0
    assert "\nanswered at 23:13, in time\n" in said
    file.write_text("\n{{ nonsense }}")
    code, _, complaint = run("preview", "apprise", "--text", str(file))
    assert code == 1
    assert "templates.text: line 2: there is no 'nonsense'" in complaint


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("preview", "webhook"), "CHANNEL: must be one with messages"),
        (("preview", "pigeon"), "channel: must be one of webhook, email, apprise"),
        (("preview", "email", "--type", "x"), "--type: must be one of halfway, at_risk"),
        (("preview", "email", "--zone", "Mars/Base"), "--zone: must be the name of an IANA time zone"),
        (("test", "email", "ada@example.com"), "channel: needs SLA_SMTP_HOST and SLA_SMTP_FROM"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run: Run, arguments: tuple[str, ...], complaint: str) -> None:
    code, _, said = run(*arguments)
    assert code == 1
    assert said.startswith(complaint)
