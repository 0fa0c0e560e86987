"""Secrets at rest: encrypted with the first of several keys, readable with each of them (Fernet)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from domain.errors import InvalidValue, SlaError

KEY_FILE = "secret_key"


class SecretsUnreadable(SlaError):
    """A secret was encrypted with a key that this process does not have."""

    status = 503
    code = "secrets_unreadable"
    title = "Secrets unreadable"


class Cipher:
    """Without keys it refuses to keep anything."""

    def __init__(self, keys: Sequence[str] = (), field: str = "SLA_SECRET_KEY") -> None:
        """Raises InvalidValue for a key that is none; it is not shown."""
        try:
            self._keys: MultiFernet | None = MultiFernet([Fernet(key) for key in keys]) if keys else None
        except ValueError:
            shown = f"{len(keys)} key(s)"
            raise InvalidValue(field, shown, "must be 32 bytes in URL-safe base64, several with commas") from None

    def encrypted(self, secret: str) -> str:
        return self._required().encrypt(secret.encode()).decode()

    def decrypted(self, text: str) -> str:
        """Raises SecretsUnreadable for what was encrypted with another key."""
        try:
            return self._required().decrypt(text).decode()
        except InvalidToken:
            raise _unreadable("with none of its keys") from None

    def renewed(self, text: str) -> str:
        """The same secret, encrypted with the first key. Raises SecretsUnreadable."""
        return self.encrypted(self.decrypted(text))

    def _required(self) -> MultiFernet:
        if self._keys is None:
            raise _unreadable("without a key")
        return self._keys


def _unreadable(how: str) -> SecretsUnreadable:
    return SecretsUnreadable(f"Secrets that are kept encrypted cannot be read {how}; see SLA_SECRET_KEY.")


class KeptCipher(Cipher):
    """With the key that the data folder keeps. The first use makes it, readable for its owner only, so that whoever
    keeps no secrets needs no folder."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._path = home / KEY_FILE

    def _required(self) -> MultiFernet:
        if self._keys is None:
            self._keys = MultiFernet([Fernet(self._read())])
        return self._keys

    def _read(self) -> str:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._path.exists():
                _make(self._path)
            text = self._path.read_text().strip()
            Fernet(text)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it holds no key"
            raise _unreadable(f"with {KEY_FILE} of SLA_HOME ({reason})") from error
        return text


def cipher_of(keys: Sequence[str], home: Path) -> Cipher:
    """With these keys; without any, with the one that the data folder keeps. Raises InvalidValue."""
    return Cipher(keys) if keys else KeptCipher(home)


def _make(path: Path) -> None:
    """Whole or not at all: of two processes that make it at once, the first one's counts for both."""
    draft = path.with_name(f"{KEY_FILE}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"{Fernet.generate_key().decode()}\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
