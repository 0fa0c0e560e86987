from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from domain.errors import InvalidValue
from service.ciphers import KEY_FILE, Cipher, SecretsUnreadable, kept_cipher

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_a_new_key_in_front_encrypts_and_the_old_one_is_still_read() -> None:
    before = Cipher([OLD]).encrypted("token")
    both = Cipher([NEW, OLD])
    assert "token" not in before
    assert both.decrypted(before) == "token"
    assert Cipher([NEW]).decrypted(both.encrypted("token")) == "token"


def test_what_another_key_encrypted_is_an_error_that_shows_nothing_of_it() -> None:
    sealed = Cipher([OLD]).encrypted("token")
    for cipher in (Cipher([NEW]), Cipher()):
        with pytest.raises(SecretsUnreadable, match="SLA_SECRET_KEY") as unreadable:
            cipher.decrypted(sealed)
        assert sealed not in str(unreadable.value)


def test_the_data_folder_keeps_one_key_that_its_owner_alone_may_read(tmp_path: Path) -> None:
    home = tmp_path / "home"
    sealed = kept_cipher(home).encrypted("token")
    assert kept_cipher(home).decrypted(sealed) == "token"
    assert (home / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == [KEY_FILE]


def test_a_file_that_holds_no_key_is_named(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("not a key")
    with pytest.raises(InvalidValue, match=KEY_FILE) as refused:
        kept_cipher(tmp_path)
    assert "not a key" not in str(refused.value)
