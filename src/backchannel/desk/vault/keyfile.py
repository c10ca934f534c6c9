"""The key file of a vault: how the passphrase becomes the key (Argon2id, RFC 9106), and nothing secret.

    {"format": 1, "memory_kib": 65536, "passes": 3, "lanes": 4, "salt": hex 16 bytes, "check": hex 16 bytes}

Argon2id gives 80 bytes: the database key (32), the check (16), the key of a backup's seal (32). The check tells a
wrong passphrase from a damaged database; to guess with it costs as much as to guess with the database.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from argon2 import low_level
from argon2.exceptions import HashingError

from backchannel.errors import Misuse, VaultError

FORMAT = 1
SALT_BYTES = 16
CHECK_BYTES = 16
SHORTEST = 12
LONGEST = 1024
FEWEST_DIFFERENT = 5
_LARGEST_FILE = 4096


@dataclass(frozen=True)
class Cost:
    """What one guess costs. The default is RFC 9106's second recommended choice: 64 MiB, 3 passes, 4 lanes."""

    memory_kib: int = 65536
    passes: int = 3
    lanes: int = 4

    def bearable(self) -> bool:
        """Whether this machine may be asked for it: a hostile file must not exhaust memory or hours (1 GiB, 32, 16)."""
        return (
            1 <= self.lanes <= 16
            and 8 * self.lanes <= self.memory_kib <= 1 << 20
            and 1 <= self.passes <= 32
            and self.memory_kib * self.passes <= 1 << 22
        )


DEFAULT_COST = Cost()


@dataclass(frozen=True)
class Keys:
    """What a passphrase opens: `database` (32 bytes, SQLCipher key), `check` (16, public), `seal` (32, backup MAC)."""

    database: bytes = field(repr=False)
    check: bytes = field(repr=False)
    seal: bytes = field(repr=False)


@dataclass(frozen=True)
class KeyFile:
    """Parsed key file: `cost`, `salt` (16 bytes), `check` (16 bytes). None of it is secret."""

    cost: Cost
    salt: bytes
    check: bytes

    def encode(self) -> bytes:
        """The file's content: JSON and a newline."""
        return msgspec.json.encode(_File(FORMAT, *_numbers(self.cost), self.salt.hex(), self.check.hex())) + b"\n"

    @classmethod
    def decode(cls, content: bytes) -> KeyFile:
        """Parse strictly. Raises VaultError `key-file` (unreadable, or costs out of bounds) or `newer`."""
        try:
            if msgspec.json.decode(content, type=_Format).format > FORMAT:
                raise VaultError(
                    "newer",
                    "This desk's key file was made by a newer program.",
                    "Use that program, or update this one.",
                )
            file = msgspec.json.decode(content, type=_File, strict=True)
            made = cls(
                Cost(file.memory_kib, file.passes, file.lanes), bytes.fromhex(file.salt), bytes.fromhex(file.check)
            )
        except (msgspec.MsgspecError, ValueError) as error:
            raise _unreadable() from error
        sound = file.format == FORMAT and len(made.salt) == SALT_BYTES and len(made.check) == CHECK_BYTES
        if not (sound and made.cost.bearable()):
            raise _unreadable()
        return made

    @classmethod
    def read(cls, path: Path) -> KeyFile:
        """Read and parse `path`. Raises VaultError `key-file` or `newer`."""
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST_FILE + 1)
        except OSError as error:
            raise _unreadable() from error
        if len(content) > _LARGEST_FILE:
            raise _unreadable()
        return cls.decode(content)

    def unlock(self, passphrase: str) -> Keys | None:
        """The keys, or None when this is not the passphrase. Takes about 0.1 s at the default cost."""
        keys = derive(phrase_bytes(passphrase), self.salt, self.cost)
        return keys if hmac.compare_digest(keys.check, self.check) else None


class _Format(msgspec.Struct):
    format: int


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    memory_kib: int
    passes: int
    lanes: int
    salt: str
    check: str


def _numbers(cost: Cost) -> tuple[int, int, int]:
    return cost.memory_kib, cost.passes, cost.lanes


def _unreadable() -> VaultError:
    return VaultError(
        "key-file",
        "The desk's key file (vault.key) is damaged, or not one of ours.",
        "Put back a copy of vault.key, or restore the desk from a backup.",
        "The vault itself was not touched.",
    )


def phrase_bytes(passphrase: str) -> bytes:
    """The passphrase as Argon2 gets it: NFC, UTF-8, so that keyboards that compose accents differently agree.

    Raises VaultError `passphrase` for text that is not valid Unicode or is longer than 1,024 bytes.
    """
    try:
        raw = unicodedata.normalize("NFC", passphrase).encode()
    except UnicodeEncodeError:
        # Not chained: the exception holds the passphrase.
        raise VaultError(
            "passphrase", "The passphrase holds characters that cannot be read.", "Type it again."
        ) from None
    if len(raw) > LONGEST:
        raise VaultError("passphrase", f"The passphrase is longer than {LONGEST} bytes.", "Choose a shorter one.")
    return raw


def check_new(passphrase: str) -> None:
    """Refuse what is too easily guessed for a vault that can be carried away. Raises Misuse `passphrase`."""
    text = unicodedata.normalize("NFC", passphrase).strip()
    if len(text) < SHORTEST or len(set(text)) < FEWEST_DIFFERENT:
        raise Misuse(
            "passphrase",
            f"The passphrase is too short: {SHORTEST} characters at least, {FEWEST_DIFFERENT} of them different.",
            "Take four or more words that have nothing to do with each other.",
            "Nothing was changed.",
        )
    phrase_bytes(passphrase)


def derive(passphrase: bytes, salt: bytes, cost: Cost) -> Keys:
    """Argon2id. Raises VaultError `memory` when this machine has not the memory that the key file asks for."""
    if not cost.bearable():
        raise Misuse("cost", "These Argon2id parameters are outside what a desk accepts.", "Use the defaults.")
    try:
        raw = low_level.hash_secret_raw(
            passphrase, salt, cost.passes, cost.memory_kib, cost.lanes, 80, low_level.Type.ID
        )
    except HashingError as error:
        raise VaultError(
            "memory",
            f"This machine cannot spare the {cost.memory_kib // 1024} MiB that opening the vault takes.",
            "Close other programs and try again.",
        ) from error
    return Keys(raw[:32], raw[32:48], raw[48:])


def new(passphrase: str, cost: Cost, random: Callable[[int], bytes]) -> tuple[KeyFile, Keys]:
    """A fresh salt and what it makes of `passphrase`; `random(n)` gives n bytes. Raises Misuse `passphrase`."""
    check_new(passphrase)
    salt = random(SALT_BYTES)
    keys = derive(phrase_bytes(passphrase), salt, cost)
    return KeyFile(cost, salt, keys.check), keys
