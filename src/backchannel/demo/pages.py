"""The pages of an open desk's vault, decrypted: rows, what lies between them, and the write-ahead log."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from backchannel.demo.checks import Failed
from backchannel.desk.vault import layout
from backchannel.desk.vault.keyfile import KeyFile

_PAGE, _RESERVED, _SALT = 4096, 80, 16
_LOG_HEAD, _FRAME_HEAD = 32, 24


class Pages:
    """A vault's files as whoever has the passphrase can read them, tables or not (SQLCipher 4)."""

    def __init__(self, folder: Path, passphrase: str) -> None:
        self.folder = folder
        keys = KeyFile.read(folder / layout.KEY).unlock(passphrase)
        if keys is None:
            raise Failed(f"The passphrase does not open the vault in {folder.name}.")
        self._key = AES(keys.database)

    def read(self) -> bytes:
        """All pages of the database and of its write-ahead log."""
        database, log = self.folder / layout.DATABASE, self.folder / f"{layout.DATABASE}-wal"
        return self._plain(database, 0, 0) + (self._plain(log, _LOG_HEAD, _FRAME_HEAD) if log.exists() else b"")

    def _plain(self, file: Path, at: int, head: int) -> bytes:
        content, plain = file.read_bytes(), []
        for start in range(at + head, len(content), head + _PAGE):
            page = content[start : start + _PAGE]
            first = _SALT if start == 0 else 0
            initial = page[_PAGE - _RESERVED : _PAGE - _RESERVED + 16]
            opened = Cipher(self._key, CBC(initial)).decryptor()
            plain.append(opened.update(page[first : _PAGE - _RESERVED]) + opened.finalize())
        return b"".join(plain)
