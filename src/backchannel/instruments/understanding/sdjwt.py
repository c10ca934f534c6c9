"""Selective disclosure (RFC 9901): what a payload says once some of its disclosures are known, or a refusal.

Only what the payload may ask for: SHA-256. Signatures are elsewhere (`jws`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backchannel.errors import Malformed
from backchannel.instruments.understanding.form import b64
from backchannel.seal.primitives import sha256

DEEPEST = 32
"""Disclosures in disclosures; an issuer has no use for more."""

DROP = object()


def digest(disclosure: str) -> str:
    """The digest of a disclosure as it stands in a payload (4.2.3)."""
    return b64(sha256(disclosure.encode()))


def reveal(payload: Mapping[str, Any], disclosures: Mapping[str, Any], closed: Any = DROP) -> dict[str, Any]:
    """The payload with what is disclosed in its place (7.1): `disclosures` by digest, each parsed.

    Elements of lists that stay closed are left out, or stand as `closed`. `Malformed("disclosure")` for a disclosure
    that stands nowhere or twice, of the wrong shape, or that would replace what is said openly.
    """
    if payload.get("_sd_alg", "sha-256") != "sha-256":
        raise _wrong("It was made with another hash than SHA-256.")
    reading = _Reading(disclosures, closed)
    found: dict[str, Any] = reading.value({k: v for k, v in payload.items() if k != "_sd_alg"}, 0)
    if disclosures.keys() - reading.seen.keys():
        raise _wrong("Something is disclosed that does not belong to it.")
    return found


def _wrong(what: str) -> Malformed:
    return Malformed("disclosure", what)


class _Reading:
    def __init__(self, disclosures: Mapping[str, Any], closed: Any) -> None:
        self._disclosures, self._closed = disclosures, closed
        self.seen: dict[str, None] = {}

    def value(self, value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            raise _wrong("It is nested too deeply.")
        if isinstance(value, dict):
            return self._object(value, depth + 1)
        if isinstance(value, list):
            elements = (self._element(one, depth + 1) for one in value)
            return [one for one in elements if one is not DROP]
        return value

    def _object(self, given: dict[str, Any], depth: int) -> dict[str, Any]:
        if "..." in given or "_sd_alg" in given:
            raise _wrong("A name stands in it that has a meaning elsewhere only.")
        found = {name: self.value(value, depth) for name, value in given.items() if name != "_sd"}
        digests = given.get("_sd", [])
        if not isinstance(digests, list):
            raise _wrong("The list of its digests is none.")
        for one in digests:
            content = self._content(one, 3)
            if content is not None:
                name, value = content
                if not isinstance(name, str) or name in ("_sd", "...") or name in given or name in found:
                    raise _wrong("Something is disclosed under a name that is taken.")
                found[name] = self.value(value, depth)
        return found

    def _element(self, element: Any, depth: int) -> Any:
        if not isinstance(element, dict) or "..." not in element:
            return self.value(element, depth)
        if len(element) != 1:
            raise _wrong("More stands beside a digest than is allowed.")
        content = self._content(element["..."], 2)
        return self._closed if content is None else self.value(content[0], depth)

    def _content(self, one: Any, parts: int) -> list[Any] | None:
        if not isinstance(one, str) or one in self.seen:
            raise _wrong("A digest stands in it twice, or is none.")
        self.seen[one] = None
        found = self._disclosures.get(one)
        if found is None:
            return None
        if not isinstance(found, list) or len(found) != parts or not isinstance(found[0], str):
            raise _wrong("Something is disclosed in another form than its place asks for.")
        return found[1:]
