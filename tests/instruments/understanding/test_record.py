"""Records: a file that proves what was signed, or is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from backchannel.entry.text import PROSE_LIMIT
from backchannel.errors import Malformed, Misuse
from backchannel.instruments.understanding import form, jws, record
from backchannel.instruments.understanding.payload import payload
from backchannel.instruments.understanding.record import LARGEST, Record
from backchannel.instruments.understanding.values import Signature
from backchannel.seal.primitives import sha256
from tests.channel.kit import CHANNEL
from tests.channel.weaken import weaken
from tests.instruments.kit import channel, identity, ids, seat
from tests.instruments.understanding.kit import ANNEXES, CLAUSES, in_state, signature
from tests.seal.kit import refused


@cache
def made() -> Record:
    return record.of(CHANNEL, in_state("complete"))


RAW = record.write(made())
Change = Callable[[Record], Record]


def test_a_record_verifies_and_comes_back_as_it_went() -> None:
    proven = record.verify(made())
    assert proven.channel == sha256(CHANNEL)
    assert proven.understanding == in_state("complete").id
    assert (proven.title, proven.clauses) == ("Fishing", CLAUSES)
    assert proven.annexes == ((ANNEXES[0].name, ANNEXES[0].sha256),)
    parties = [channel().member(s) for s in ids("Ana", "Ben")]
    assert [(s.who.name, s.who.party, s.who.role) for s in proven.signatories if s.who] == [
        (p.name, p.party, p.role) for p in parties
    ]
    assert [s.keys for s in proven.signatories] == [identity(p.name).signer(CHANNEL).keys for p in parties]
    assert record.read(RAW) == made()
    text = json.loads(RAW)
    assert list(text) == ["backchannel", "payload", "signatures", "keys"]
    assert text["backchannel"] == "understanding 2"
    assert RAW.endswith(b"\n}\n")


def test_the_signed_form_is_the_one_of_the_page() -> None:
    """spec/understanding.md, 2.1 to 2.3, member by member."""
    text = json.loads(RAW)
    signed = json.loads(form.unb64(text["payload"]))
    assert list(signed) == ["_sd_alg", "typ", "channel", "understanding", "_sd", "clauses", "annexes", "parties"]
    assert [list(one) for one in signed["clauses"]] == [["..."]] * 3
    assert [list(one) for one in signed["parties"]] == [["seat", "ed25519", "mldsa65", "_sd"]] * 2
    headers = [json.loads(form.unb64(one["protected"])) for one in text["signatures"]]
    assert headers == [
        {"alg": alg, "kid": form.b64(s), "typ": "sd-jwt"} for s in ids("Ana", "Ben") for alg in ("EdDSA", "ML-DSA-65")
    ]
    shown = [json.loads(form.unb64(one)) for one in text["signatures"][0]["header"]["disclosures"]]
    assert [one[1:] for one in shown[:2]] == [["title", "Fishing"], [{"clause": 1, "text": CLAUSES[0]}]]
    assert [one[1] for one in shown[4:]] == ["who", "who"]
    salts = [one[0] for one in shown]
    assert len({*salts}) == len(salts) == 6
    assert {len(form.unb64(salt)) for salt in salts} == {16}
    assert [(key["kty"], key["alg"]) for key in text["keys"]] == [("OKP", "EdDSA"), ("AKP", "ML-DSA-65")] * 2


@pytest.mark.parametrize("shown", [(), (2,), (1, 3), (1, 2, 3)])
def test_some_clauses_only(shown: tuple[int, ...]) -> None:
    part = record.of(CHANNEL, in_state("complete"), shown)
    proven = record.verify(record.read(record.write(part)))
    assert proven.clauses == tuple(words if k in shown else None for k, words in enumerate(CLAUSES, 1))
    raw = record.write(part) + b"".join(form.unb64(one) for one in disclosed(part))
    for k, words in enumerate(CLAUSES, 1):
        assert (words.split("\n")[0].encode() in raw) == (k in shown)


def disclosed(r: Record) -> tuple[str, ...]:
    header = r.signatures[0].header
    assert isinstance(header, record.Shown)
    return header.disclosures


def test_nothing_but_the_keys_needs_to_be_shown() -> None:
    proven = record.verify(disclosing(lambda _: ())(made()))
    assert (proven.title, proven.clauses) == (None, (None,) * 3)
    assert [s.who for s in proven.signatories] == [None, None]


def test_the_salts_tell_nothing_of_each_other() -> None:
    """Two proposals of one text have nothing in common but their parties."""
    one, two = (
        json.loads(form.unb64(record.of(CHANNEL, in_state("complete", seed=s)).payload)) for s in (b"1" * 32, b"2" * 32)
    )
    for name in ("_sd", "clauses"):
        assert not [digest for digest in one[name] if digest in two[name]]


@pytest.mark.parametrize("which", ["proposed", "initialled", "signing", "withdrawn"])
def test_what_is_not_complete_has_no_record(which: str) -> None:
    with pytest.raises(Misuse) as caught:
        record.of(CHANNEL, in_state(which))
    assert caught.value.code == "incomplete"


# --- altered in every way


def disclosing(change: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Change:
    return lambda r: replace(
        r, signatures=(replace(r.signatures[0], header=record.Shown(change(disclosed(r)))), *r.signatures[1:])
    )


def rewritten(k: int, old: str, new: str) -> Change:
    """Words of a disclosure replaced."""

    def change(shown: tuple[str, ...]) -> tuple[str, ...]:
        raw = form.unb64(shown[k])
        assert old.encode() in raw
        return (*shown[:k], form.b64(raw.replace(old.encode(), new.encode())), *shown[k + 1 :])

    return disclosing(change)


def resaid(k: int, old: str, new: str) -> Change:
    """Words of a disclosure replaced, and everything signed anew: only the parties themselves can do that."""

    def change(r: Record) -> Record:
        item = in_state("complete")
        raw = form.unb64(disclosed(r)[k])
        assert old.encode() in raw
        lie = form.b64(raw.replace(old.encode(), new.encode()))
        was, now = (form.b64(sha256(one.encode())).encode() for one in (disclosed(r)[k], lie))
        signed = payload(CHANNEL, item).replace(was, now)
        return resigned(disclosing(lambda shown: (*shown[:k], lie, *shown[k + 1 :]))(r), signed)

    return change


def resigned(r: Record, signed: bytes, by: tuple[str, ...] = ("Ana", "Ben")) -> Record:
    names = {seat(name): name for name in by}
    made_ = [Signature(s, *jws.sign(identity(names[s]).signer(CHANNEL), s, signed)) for s in sorted(names)]
    fresh = jws.write_signatures(made_)
    signatures = tuple(
        record.Signed(f.protected, f.signature, UNSET if k else r.signatures[0].header) for k, f in enumerate(fresh)
    )
    return replace(r, payload=form.b64(signed), signatures=signatures)


def repaid(old: str, new: str) -> Change:
    """The payload changed, and signed anew by the parties."""

    def change(r: Record) -> Record:
        raw = form.unb64(r.payload)
        assert raw.count(old.encode()) == 1
        return resigned(r, raw.replace(old.encode(), new.encode()))

    return change


def paid(old: str, new: str) -> Change:
    """The payload changed under the same signatures."""

    def change(r: Record) -> Record:
        raw = form.unb64(r.payload)
        assert raw.count(old.encode()) == 1
        return replace(r, payload=form.b64(raw.replace(old.encode(), new.encode())))

    return change


def signed(change: Callable[[tuple[record.Signed, ...]], tuple[record.Signed, ...]]) -> Change:
    return lambda r: replace(r, signatures=change(r.signatures))


def keyed(change: Callable[[tuple[record.Key, ...]], tuple[record.Key, ...]]) -> Change:
    return lambda r: replace(r, keys=change(r.keys))


def at(k: int, **values: Any) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    return lambda all_: (*all_[:k], replace(all_[k], **values), *all_[k + 1 :])


def vars_of(key: record.Key) -> dict[str, str]:
    return {name: getattr(key, name) for name in key.__struct_fields__}


@cache
def other() -> Record:
    """Another understanding of the same parties in the same channel."""
    return record.of(CHANNEL, in_state("complete", title="Peace", seed=b"\x01" * 32))


@cache
def thirds() -> Record:
    return record.of(CHANNEL, in_state("complete", ("Ana", "Ben", "Cem")))


def swapped(k: int) -> Change:
    """One half of a signature, of another understanding: one algorithm broken forges nothing."""
    return signed(lambda s: at(k, signature=other().signatures[k].signature)(s))


def usurped(r: Record) -> Record:
    """The same seats and names, with the keys and good signatures of two others."""
    others = [identity("Cem").signer(CHANNEL), identity("Dora").signer(CHANNEL)]
    raw = form.unb64(r.payload)
    made_ = [Signature(s, *jws.sign(o, s, raw)) for s, o in zip(ids("Ana", "Ben"), others, strict=True)]
    fresh = [
        replace(old, signature=new.signature)
        for old, new in zip(r.signatures, jws.write_signatures(made_), strict=True)
    ]
    raws = [key for o in others for key in (o.keys.ed25519, o.keys.mldsa)]
    keys = tuple(
        replace(key, **{"x" if isinstance(key, record.EdKey) else "pub": form.b64(raw)})
        for key, raw in zip(r.keys, raws, strict=True)
    )
    return replace(r, signatures=tuple(fresh), keys=keys)


def _digest(k: int) -> str:
    return json.loads(form.unb64(made().payload))["clauses"][k]["..."]  # type: ignore[no-any-return]


def reordered(r: Record) -> Record:
    one, two = _digest(0), _digest(1)
    raw = form.unb64(r.payload).decode().replace(one, "?").replace(two, one).replace("?", two)
    return replace(r, payload=form.b64(raw.encode()))


def reordered_by_all(r: Record) -> Record:
    return resigned(r, form.unb64(reordered(r).payload))


WHO = form.unb64(made().signatures[0].header.disclosures[4]).decode()  # type: ignore[union-attr]
NAMES = [channel().member(s).name for s in ids("Ana", "Ben")]

ALTERED: dict[str, tuple[Change, str]] = {
    "channel": (paid(form.b64(sha256(CHANNEL)), form.b64(bytes(32))), "signature"),
    "understanding": (paid(form.b64(b"\x01" * 32), form.b64(bytes(32))), "signature"),
    "annex": (paid("chart.pdf", "chart.doc"), "signature"),
    "annex that deceives": (repaid("chart.pdf", "chart\u202efdp"), "name"),
    "hash": (paid('"sha-256"', '"sha-512"'), "record"),
    "type": (paid("understanding 2", "understanding 3"), "record"),
    "payload of another": (lambda r: replace(r, payload=other().payload), "signature"),
    "payload with a space": (paid('"clauses":', '"clauses": '), "record"),
    "payload with a member twice": (paid('"annexes":', '"annexes":[],"annexes":'), "record"),
    "payload with a float": (paid('"annexes":', '"n":1.5,"annexes":'), "record"),
    "payload deep": (paid('"annexes":', '"n":' + "[" * 5_000 + "]" * 5_000 + ',"annexes":'), "record"),
    "payload in another alphabet": (lambda r: replace(r, payload=r.payload + "="), "record"),
    "no clauses": (lambda r: replace(r, payload=form.b64(_without_clauses(r))), "record"),
    "clauses reordered": (reordered, "signature"),
    "clauses reordered by all": (reordered_by_all, "disclosure"),
    "clause doubled": (paid(_digest(1), _digest(0)), "signature"),
    "clause doubled by all": (repaid(_digest(1), _digest(0)), "disclosure"),
    "clause dropped": (paid(f'{{"...":"{_digest(0)}"}},', ""), "signature"),
    "clause dropped by all": (repaid(f'{{"...":"{_digest(0)}"}},', ""), "disclosure"),
    "clause": (rewritten(1, "east", "west"), "disclosure"),
    "letter": (rewritten(1, "fish", "fist"), "disclosure"),
    "clause that deceives": (resaid(1, "fish", "f\u202eish"), "prose"),
    "clause empty": (resaid(1, CLAUSES[0], ""), "prose"),
    "clause too long": (resaid(1, CLAUSES[0], "x" * 20_001), "prose"),
    "clause that says another number": (resaid(1, '"clause":1', '"clause":2'), "disclosure"),
    "clause of no number": (resaid(1, '"clause":1', '"clause":0'), "record"),
    "clause of a float": (resaid(1, '"clause":1', '"clause":1.0'), "record"),
    "clause of a huge number": (resaid(1, '"clause":1', '"clause":1' + "0" * 400), "record"),
    "clause with a member more": (resaid(1, '"clause":1', '"by":"Ana","clause":1'), "record"),
    "clause with a member twice": (resaid(1, '"clause":1', '"clause":2,"clause":1'), "record"),
    "clause escaped": (resaid(1, "fish", "f\\u0069sh"), "record"),
    "clause with a space": (resaid(1, '"clause":1', '"clause": 1'), "record"),
    "title": (rewritten(0, "Fishing", "Peace"), "disclosure"),
    "title that deceives": (resaid(0, "Fishing", "Fish\u202eing"), "name"),
    "title under another name": (resaid(0, '"title"', '"tittle"'), "record"),
    "name": (rewritten(4, NAMES[0], "Anna"), "disclosure"),
    "names exchanged": (disclosing(lambda s: (*s[:4], s[5], s[4])), "ok"),
    "name that deceives": (resaid(4, NAMES[0], NAMES[0] + "\u200b"), "name"),
    "party that deceives": (resaid(4, '"party":"', '"party":" '), "name"),
    "role that deceives": (resaid(4, '"role":"', '"role":"\\n'), "name"),
    "disclosure of another": (disclosing(lambda s: (*s[:1], disclosed(other())[1], *s[2:])), "disclosure"),
    "disclosure doubled": (disclosing(lambda s: (*s, s[1])), "disclosure"),
    "disclosure no list": (disclosing(lambda s: (*s, form.b64(b'{"a":1}'))), "record"),
    "disclosure no json": (disclosing(lambda s: (*s, form.b64(b"\xff"))), "record"),
    "disclosure no base64": (disclosing(lambda s: (*s, "?")), "record"),
    "no parties": (lambda r: replace(r, payload=form.b64(_of_parties(r, 0)), signatures=(), keys=()), "parties"),
    "one party": (
        lambda r: replace(r, payload=form.b64(_of_parties(r, 1)), signatures=r.signatures[:2], keys=r.keys[:2]),
        "parties",
    ),
    "party twice": (
        lambda r: replace(
            r, payload=form.b64(_of_parties(r, 1, 2)), signatures=r.signatures[:2] * 2, keys=r.keys[:2] * 2
        ),
        "parties",
    ),
    "a party less": (lambda r: replace(thirds(), signatures=thirds().signatures[:4]), "parties"),
    "a party more": (lambda r: replace(r, signatures=(*r.signatures, *thirds().signatures[4:])), "parties"),
    "signature stripped": (signed(lambda s: s[:-1]), "parties"),
    "one algorithm stripped": (signed(lambda s: s[::2]), "parties"),
    "all signatures stripped": (signed(lambda s: ()), "parties"),
    "signature doubled": (signed(lambda s: (*s, s[-1])), "parties"),
    "signatures in another order": (signed(lambda s: (s[0], s[1], s[3], s[2])), "parties"),
    "signature under another name": (signed(lambda s: at(2, protected=s[0].protected)(s)), "parties"),
    "signature of another algorithm": (
        signed(lambda s: at(2, protected=form.b64(form.unb64(s[2].protected).replace(b"EdDSA", b"none")))(s)),
        "parties",
    ),
    "header with more": (
        signed(lambda s: at(2, protected=form.b64(form.unb64(s[2].protected).replace(b"}", b',"b64":false}')))(s)),
        "parties",
    ),
    "signatures exchanged": (
        signed(lambda s: at(0, signature=s[2].signature)(at(2, signature=s[0].signature)(s))),
        "signature",
    ),
    "ed25519 of another understanding": (swapped(0), "signature"),
    "mldsa of another understanding": (swapped(1), "signature"),
    "ed25519 empty": (signed(lambda s: at(2, signature="")(s)), "signature"),
    "mldsa empty": (signed(lambda s: at(3, signature="")(s)), "signature"),
    "signed by others in their name": (usurped, "keys"),
    "disclosures beside another signature": (signed(lambda s: at(2, header=s[0].header)(s)), "record"),
    "disclosures nowhere": (signed(lambda s: at(0, header=UNSET)(s)), "record"),
    "key of another": (keyed(lambda k: at(0, x=vars_of(k[2])["x"])(k)), "keys"),
    "mldsa key of another": (keyed(lambda k: at(1, pub=vars_of(k[3])["pub"])(k)), "keys"),
    "key under another name": (keyed(lambda k: at(0, kid=k[2].kid)(k)), "keys"),
    "keys in another order": (keyed(lambda k: k[::-1]), "keys"),
    "keys missing": (keyed(lambda k: k[:2]), "keys"),
    "keys one missing": (keyed(lambda k: k[:3]), "keys"),
    "keys none": (keyed(lambda k: ()), "keys"),
    "keys added": (keyed(lambda k: (*k, k[0])), "keys"),
}


def _without_clauses(r: Record) -> bytes:
    found = json.loads(form.unb64(r.payload))
    found["clauses"] = []
    return form.write(found)


def _of_parties(r: Record, *which: int) -> bytes:
    """The payload with its first parties only, or the first one doubled."""
    found = json.loads(form.unb64(r.payload))
    found["parties"] = (found["parties"][:1] * which[-1]) if len(which) > 1 else found["parties"][: which[0]]
    return form.write(found)


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_record_is_refused(name: str) -> None:
    change, code = ALTERED[name]
    if code == "ok":
        assert record.verify(change(made())) == record.verify(made())
        return
    with refused(code):
        record.verify(change(made()))


CHECKS = {
    "keys": (
        "record",
        "        if thumbprints != (party.ed25519, party.mldsa65):",
        "        if False:",
        "signed by others in their name",
    ),
    "signature": ("record", "        if not jws.holds(", "        if False and not jws.holds(", "channel"),
    "both": (
        "jws",
        "    return p.ed25519_verify(keys.ed25519, _input(ED, seat, payload), signature.ed) and p",
        "    return p",
        "ed25519 of another understanding",
    ),
    "parties": ("jws", "    if [one for one, _ in signed] != due:", "    if False:", "header with more"),
    "number": (
        "record",
        "        if clause is not None and clause.clause != k:",
        "        if False:",
        "clauses reordered by all",
    ),
    "twice": ("record", "    if len(contents) != len(shown):", "    if False:", "disclosure doubled"),
    "place": ("sdjwt", "    if disclosures.keys() - reading.seen.keys():", "    if False:", "clause"),
}


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_is_needed(check: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, old, new, attack = CHECKS[check]
    weaken(monkeypatch, f"instruments.understanding.{module}", (old, new))
    record.verify(ALTERED[attack][0](made()))


FILES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda raw: b"",
    "null": lambda raw: b"null\n",
    "list": lambda raw: b"[]\n",
    "deep": lambda raw: b"[" * 100_000 + b"\n",
    "cut": lambda raw: raw[:-3],
    "without its line break": lambda raw: raw[:-1],
    "more": lambda raw: raw + b"\n",
    "large": lambda raw: raw + b" " * LARGEST,
    "not utf-8": lambda raw: raw.replace(b"understanding 2", b"understanding\xff2"),
    "surrogate": lambda raw: raw.replace(b"understanding 2", b"understanding\\ud800"),
    "escaped": lambda raw: raw.replace(b"understanding 2", b"understand\\u0069ng 2"),
    "other indent": lambda raw: raw.replace(b"  ", b"    "),
    "windows": lambda raw: raw.replace(b"\n", b"\r\n"),
    "other version": lambda raw: raw.replace(b"understanding 2", b"understanding 1"),
    "unknown key": lambda raw: raw.replace(b'"keys": [', b'"more": 1,\n  "keys": ['),
    "key twice": lambda raw: raw.replace(b'"kty": "OKP"', b'"kty": "AKP",\n      "kty": "OKP"'),
    "missing key": lambda raw: raw.replace(b'      "alg": "EdDSA",\n', b""),
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


def test_the_largest_understanding_has_a_record() -> None:
    words = "ß" * (PROSE_LIMIT // 2_000)
    whole = in_state("complete", ("Ana", "Ben", "Cem", "Dora"), clauses=(words,) * 2_000)
    raw = record.write(record.of(CHANNEL, whole))
    assert len(raw) < LARGEST
    assert record.verify(record.read(raw)).clauses == (words,) * 2_000


def test_signatures_of_one_understanding_hold_for_no_other() -> None:
    item = in_state("complete")
    assert signature(item, "Ana").ed != signature(in_state("initialled", title="Peace"), "Ana").ed
