"""Errors: our misuse and their malformed input are different families; each says what happened and what to do.

Every error carries a `code` (its failure class: vectors, `--json` and tests name it), a sentence for a person (`what`),
what to do next (`todo`) and what became of the person's words (`safe`).
"""

from __future__ import annotations


class BackchannelError(Exception):
    """Base of everything that Backchannel raises on purpose."""

    def __init__(self, code: str, what: str, todo: str = "", safe: str = "Nothing was lost.") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.todo = todo
        self.safe = safe

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.safe, self.todo) if part)

    def as_dict(self) -> dict[str, str]:
        """The same facts for `--json`."""
        return {"error": self.code, "what": self.what, "safe": self.safe, "todo": self.todo}


class Misuse(BackchannelError):
    """We were asked for something that is not allowed, or not allowed now. Nothing left this desk."""


class Malformed(BackchannelError):
    """Bytes that came from elsewhere do not parse, or do not mean what they must. They were not used."""


class Rejected(Malformed):
    """An entry that stands in the log but breaks a rule: it is shown as rejected and changes nothing."""


class RelayFault(Malformed):
    """The relay's answer contradicts itself, its signature or what this desk has already seen."""


class Unreachable(BackchannelError):
    """The relay, or the way to it, does not answer now. What was written waits on this desk."""


class RelayRefused(BackchannelError):
    """The relay answered and said no: credential, size, rate, storage."""


class VaultError(BackchannelError):
    """The vault cannot be opened or written: passphrase, damage, disk, another process."""
