"""Records: a file that proves what was signed, or is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backchannel.errors import Malformed, Misuse
from backchannel.instruments import record
from backchannel.instruments.record import LARGEST, Record
from backchannel.instruments.understanding import Party, Signature, sign
from tests.channel.kit import CHANNEL
from tests.channel.weaken import weaken
from tests.instruments.kit import identity, ids, seat
from tests.instruments.test_understanding import in_state
from tests.seal.kit import refused


@cache
def made() -> Record:
    return record.of(CHANNEL, in_state("complete"))


RAW = record.write(made())


def test_a_record_verifies_and_comes_back_as_it_went() -> None:
    record.verify(made())
    again = record.read(RAW)
    assert again == made()
    record.verify(again)
    assert [s.seat for s in made().signatures] == list(ids("Ana", "Ben"))
    text = json.loads(RAW)
    assert list(text) == ["backchannel", "channel", "terms", "signatures"]
    assert text["backchannel"] == "understanding 1"
    assert RAW.endswith(b"\n}\n")


@pytest.mark.parametrize("which", ["proposed", "initialled", "signing", "withdrawn"])
def test_what_is_not_complete_has_no_record(which: str) -> None:
    with pytest.raises(Misuse) as caught:
        record.of(CHANNEL, in_state(which))
    assert caught.value.code == "incomplete"


def party(change: Callable[[Party], Party]) -> Callable[[Record], Record]:
    def changed(r: Record) -> Record:
        first, *others = r.terms.parties
        return replace(r, terms=replace(r.terms, parties=(change(first), *others)))

    return changed


def signatures(change: Callable[[tuple[Signature, ...]], tuple[Signature, ...]]) -> Callable[[Record], Record]:
    return lambda r: replace(r, signatures=change(r.signatures))


def terms(**values: Any) -> Callable[[Record], Record]:
    return lambda r: replace(r, terms=replace(r.terms, **values))


def third(r: Record) -> Signature:
    return Signature(seat("Cem"), *sign(identity("Cem"), r.terms.digest(CHANNEL)))


def usurped(r: Record) -> Record:
    """The same seats and names, with the keys and good signatures of two others."""
    others = [identity("Cem"), identity("Dora")]
    parties = tuple(replace(p, keys=o.keys) for p, o in zip(r.terms.parties, others, strict=True))
    changed = replace(r, terms=replace(r.terms, parties=parties))
    digest = changed.terms.digest(CHANNEL)
    signed = tuple(Signature(p.seat, *sign(o, digest)) for p, o in zip(parties, others, strict=True))
    return replace(changed, signatures=signed)


ALTERED: dict[str, tuple[Callable[[Record], Record], str]] = {
    "channel": (lambda r: replace(r, channel=b"\x09" * 32), "keys"),
    "title": (terms(title="Peace"), "signature"),
    "title that deceives": (terms(title="Fish\u202eing"), "name"),
    "text": (terms(text="The parties will fish east of the line."), "signature"),
    "text that deceives": (terms(text="a\x1b[2J"), "prose"),
    "nonce": (terms(nonce=b"\x01" * 16), "signature"),
    "no parties": (lambda r: replace(r, terms=replace(r.terms, parties=()), signatures=()), "parties"),
    "one party": (
        lambda r: replace(r, terms=replace(r.terms, parties=r.terms.parties[:1]), signatures=r.signatures[:1]),
        "parties",
    ),
    "party named twice": (
        lambda r: replace(r, terms=replace(r.terms, parties=r.terms.parties[:1] * 2), signatures=r.signatures[:1] * 2),
        "parties",
    ),
    "parties in another order": (
        lambda r: replace(r, terms=replace(r.terms, parties=r.terms.parties[::-1]), signatures=r.signatures[::-1]),
        "parties",
    ),
    "name": (party(lambda p: replace(p, name="Anna")), "signature"),
    "name that deceives": (party(lambda p: replace(p, name="Ana\u200b")), "name"),
    "party": (party(lambda p: replace(p, party="Peru")), "signature"),
    "party that deceives": (party(lambda p: replace(p, party="")), "name"),
    "role": (party(lambda p: replace(p, role="expert")), "signature"),
    "role that deceives": (party(lambda p: replace(p, role="en\nvoy")), "name"),
    "seat": (party(lambda p: replace(p, seat=bytes(16))), "parties"),
    "seat, both places": (
        lambda r: signatures(lambda s: (replace(s[0], seat=bytes(16)), s[1]))(
            party(lambda p: replace(p, seat=bytes(16)))(r)
        ),
        "keys",
    ),
    "keys": (party(lambda p: replace(p, keys=identity("Cem").keys)), "keys"),
    "signed by others in their name": (lambda r: usurped(r), "keys"),
    "signature stripped": (signatures(lambda s: s[:1]), "parties"),
    "all signatures stripped": (signatures(lambda s: ()), "parties"),
    "signature added": (lambda r: replace(r, signatures=(*r.signatures, third(r))), "parties"),
    "signature doubled": (signatures(lambda s: (*s, s[1])), "parties"),
    "signature under another name": (signatures(lambda s: (replace(s[0], seat=bytes(16)), s[1])), "parties"),
    "signatures in another order": (signatures(lambda s: s[::-1]), "parties"),
    "signatures exchanged": (
        signatures(
            lambda s: (replace(s[0], ed=s[1].ed, mldsa=s[1].mldsa), replace(s[1], ed=s[0].ed, mldsa=s[0].mldsa))
        ),
        "signature",
    ),
    "ed25519 altered": (signatures(lambda s: (replace(s[0], ed=s[0].ed[::-1]), s[1])), "signature"),
    "mldsa altered": (signatures(lambda s: (s[0], replace(s[1], mldsa=s[1].mldsa[::-1]))), "signature"),
    "ed25519 of another": (signatures(lambda s: (replace(s[0], ed=s[1].ed), s[1])), "signature"),
    "mldsa of another": (signatures(lambda s: (replace(s[0], mldsa=s[1].mldsa), s[1])), "signature"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_record_is_refused(name: str) -> None:
    change, code = ALTERED[name]
    with refused(code):
        record.verify(change(made()))


CHECKS = {
    "keys": (
        "        if party.keys.seat(record.channel) != party.seat:",
        "        if False:",
        "signed by others in their name",
    ),
    "signature": ("        if not party.keys.verify(", "        if False and not party.keys.verify(", "text"),
    "parties": (" or [s.seat for s in record.signatures] != seats:", ":", "signature under another name"),
}


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_is_needed(check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, attack = CHECKS[check]
    weaken(monkeypatch, "instruments.record", (old, new))
    record.verify(ALTERED[attack][0](made()))


FILES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda raw: b"",
    "null": lambda raw: b"null",
    "list": lambda raw: b"[]",
    "deep": lambda raw: b"[" * 100_000,
    "cut": lambda raw: raw[:-3],
    "more": lambda raw: raw + b"\n",
    "large": lambda raw: raw + b" " * LARGEST,
    "not utf-8": lambda raw: raw.replace(b"Fishing", b"Fish\xffng"),
    "surrogate": lambda raw: raw.replace(b"Fishing", b"Fish\\ud800"),
    "escaped": lambda raw: raw.replace(b"Fishing", b"F\\u0069shing"),
    "other indent": lambda raw: raw.replace(b"  ", b"    "),
    "windows": lambda raw: raw.replace(b"\n", b"\r\n"),
    "other version": lambda raw: raw.replace(b"understanding 1", b"understanding 2"),
    "unknown key": lambda raw: raw.replace(b'"terms": {', b'"more": 1,\n  "terms": {'),
    "key twice": lambda raw: raw.replace(b'"title": "Fishing"', b'"title": "Peace",\n    "title": "Fishing"'),
    "missing key": lambda raw: raw.replace(b'    "title": "Fishing",\n', b""),
    "byte order mark": lambda raw: b"\xef\xbb\xbf" + raw,
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_record(name: str) -> None:
    raw = FILES[name](RAW)
    assert raw != RAW
    with refused("record"):
        record.read(raw)


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(place: int, by: int) -> None:
    raw = RAW[:place] + bytes([RAW[place] ^ by]) + RAW[place + 1 :]
    with pytest.raises(Malformed):
        record.verify(record.read(raw))
