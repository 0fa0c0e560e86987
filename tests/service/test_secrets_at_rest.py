"""Secrets of ticket systems are encrypted, and their key can be changed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from domain.errors import InvalidValue
from service.tools.ciphers import KEY_FILE, Cipher, KeptCipher, SecretsUnreadable

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def test_a_key_is_changed_without_losing_what_the_old_one_has_encrypted() -> None:
    kept = Cipher([OLD]).encrypted("a-secret")
    assert "a-secret" not in kept
    both = Cipher([NEW, OLD])
    assert both.decrypted(kept) == "a-secret"
    assert Cipher([NEW]).decrypted(both.renewed(kept)) == "a-secret"


@pytest.mark.parametrize("cipher", [Cipher(), Cipher([NEW])], ids=["without a key", "with another key"])
def test_what_cannot_be_read_is_an_error_that_names_the_setting(cipher: Cipher) -> None:
    with pytest.raises(SecretsUnreadable, match="SLA_SECRET_KEY"):
        cipher.decrypted(Cipher([OLD]).encrypted("a-secret"))


def test_a_key_that_is_none_is_refused_and_not_shown() -> None:
    with pytest.raises(InvalidValue) as refused:
        Cipher(["too-short"])
    assert "too-short" not in str(refused.value)


def test_the_data_folder_keeps_one_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    kept = KeptCipher(tmp_path / "home").encrypted("a-secret")
    assert KeptCipher(tmp_path / "home").decrypted(kept) == "a-secret"
    assert stat.S_IMODE((tmp_path / "home" / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "home").iterdir()] == [KEY_FILE]


def test_a_data_folder_that_cannot_be_written_is_no_trouble_until_a_secret_is_kept(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    cipher = KeptCipher(tmp_path / "home")
    with pytest.raises(SecretsUnreadable, match="SLA_HOME"):
        cipher.encrypted("a-secret")
