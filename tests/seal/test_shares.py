"""Shares of an archive's key: published SLIP-39 vectors, our own, and every way in which a share is bad."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backchannel import labels
from backchannel.entry.codec import decode, encode
from backchannel.errors import Malformed, Misuse
from backchannel.seal import primitives as p
from backchannel.seal import shares as s
from backchannel.seal.keys import Identity
from tests.seal.kit import CHANNEL, OTHER_CHANNEL, chance, refused, seat, weakened
from tools import make_vectors_archive as maker

VECTORS = Path(__file__).parent.parent.parent / "vectors" / "archive"
FILES = sorted(VECTORS.glob("*.json"))
SEALER = seat("sealer").identity


def made(name: str = "one", threshold: int = 3, count: int = 5) -> tuple[s.Made, s.Manifest]:
    new = s.make(threshold, count, CHANNEL, SEALER, chance(name))
    return new, s.read_head(new.head)


@pytest.fixture(scope="module")
def one() -> tuple[s.Made, s.Manifest]:
    return made()


def resigned(manifest: s.Manifest, identity: Identity = SEALER) -> bytes:
    """A head whose signature holds, whatever the manifest says."""
    raw = encode(manifest)
    return encode(s.Head(raw, *identity.sign(labels.ARCHIVE_SIG, raw)))


def other(word: str) -> str:
    """Another word of the list."""
    return "academic" if word != "academic" else "acid"


# --- SLIP-39 itself


def test_published_vectors(shared_data: Path) -> None:
    cases = json.loads((shared_data / "vectors/slip39/vectors.json").read_text())
    assert len(cases) == 45
    for description, shares, secret, _ in cases:
        assert p.slip39_combine(shares, b"TREZOR") == (bytes.fromhex(secret) or None), description


def test_the_word_list_is_the_published_one(shared_data: Path) -> None:
    published = (shared_data / "vectors/slip39/wordlist.txt").read_text().split()
    assert list(p.SLIP39_WORDS) == published
    assert len({word[:4] for word in published}) == 1024  # four letters name a word


# --- any k of n, and no fewer


@pytest.mark.parametrize(("threshold", "count"), [(2, 2), (2, 3), (3, 5), (5, 5)])
def test_any_k_of_n_give_the_key(threshold: int, count: int) -> None:
    new, manifest = made("any", threshold, count)
    held = [s.belongs(manifest, share) for share in new.shares]
    assert [one.number for one in held] == list(range(1, count + 1))
    for some in itertools.permutations(held, threshold):
        assert s.join(manifest, some) == new.key
    assert s.join(manifest, held) == new.key  # more than it takes
    for few in itertools.combinations(held, threshold - 1):
        with refused("few"):
            s.join(manifest, few)


def test_sixteen_shares() -> None:
    new, manifest = made("many", 16, 16)
    assert s.join(manifest, [s.belongs(manifest, share) for share in new.shares]) == new.key


def test_one_share_too_few_tells_nothing_even_to_the_library(one: tuple[s.Made, s.Manifest]) -> None:
    assert p.slip39_combine(one[0].shares[:2]) is None


@pytest.mark.parametrize(("threshold", "count"), [(1, 1), (1, 3), (0, 3), (4, 3), (2, 17), (17, 17), (-1, 2)])
def test_numbers_that_cannot_be(threshold: int, count: int) -> None:
    with pytest.raises(Misuse) as error:
        made("none", threshold, count)
    assert error.value.code == "threshold"


@given(st.integers(2, 16), st.data())
def test_any_numbers_share_and_join(count: int, data: st.DataObject) -> None:
    threshold = data.draw(st.integers(2, count))
    new, manifest = made(f"{threshold} {count}", threshold, count)
    some = data.draw(st.permutations(new.shares))[:threshold]
    assert s.join(manifest, [s.belongs(manifest, share) for share in some]) == new.key


# --- a bad share is named


def test_one_wrong_word_is_found(one: tuple[s.Made, s.Manifest]) -> None:
    """At every place, those of the share's number and of its checksum among them; no word is told."""
    new, manifest = one
    for place in range(s.WORDS):
        words = new.shares[1].split()
        words[place] = other(words[place])
        with pytest.raises(Malformed) as error:
            s.belongs(manifest, " ".join(words))
        assert error.value.code == "checksum"
        assert f"word {place + 1} is wrong" in error.value.what
        assert not set(new.shares[1].split()) & set(str(error.value).split())


@pytest.mark.parametrize("change", ["swapped", "two wrong", "reversed"])
def test_more_than_one_wrong_word(one: tuple[s.Made, s.Manifest], change: str) -> None:
    words = one[0].shares[1].split()
    if change == "swapped":
        words[20], words[21] = words[21], words[20]
    elif change == "reversed":
        words.reverse()
    else:
        words[5], words[6] = other(words[5]), other(words[6])
    with pytest.raises(Malformed) as error:
        s.belongs(one[1], " ".join(words))
    assert error.value.code == "checksum"
    assert "another order" in error.value.what


def test_a_word_that_is_none(one: tuple[s.Made, s.Manifest]) -> None:
    words = one[0].shares[1].split()
    for strange in ("herring", "acadèmic"):
        with pytest.raises(Malformed, match=r"Word 8 is not"):
            s.belongs(one[1], " ".join([*words[:7], strange, *words[8:]]))


@pytest.mark.parametrize("size", [0, 1, 20, 32, 34])
def test_another_number_of_words(one: tuple[s.Made, s.Manifest], size: int) -> None:
    words = (one[0].shares[1].split() * 2)[:size]
    with refused("words"):
        s.belongs(one[1], " ".join(words))


def test_a_share_of_another_archive(one: tuple[s.Made, s.Manifest], shared_data: Path) -> None:
    elsewhere, _ = made("another")
    with refused("foreign"):
        s.belongs(one[1], elsewhere.shares[0])
    # somebody's wallet, of the older kind and the newer
    kinds = set()
    for description, shares, *_ in json.loads((shared_data / "vectors/slip39/vectors.json").read_text()):
        if len(shares[0].split()) == s.WORDS and "Valid" in description:
            kinds.add("extendable" in description)
            with refused("foreign"):
                s.belongs(one[1], shares[0])
    assert kinds == {True, False}


def test_a_share_given_twice(one: tuple[s.Made, s.Manifest]) -> None:
    held = [s.belongs(one[1], one[0].shares[k]) for k in (0, 1, 0)]
    with pytest.raises(Malformed, match="Share 1 was given twice") as error:
        s.join(one[1], held)
    assert error.value.code == "twice"


def test_a_sealer_who_lies_is_noticed(one: tuple[s.Made, s.Manifest]) -> None:
    """Shares that belong and give another key, or none at all."""
    new, manifest = one
    wrong = s.read_head(resigned(replace(manifest, check=bytes(32))))
    with refused("key"):
        s.join(wrong, [s.belongs(wrong, share) for share in new.shares[:3]])
    fewer = s.read_head(resigned(replace(manifest, threshold=2)))
    with refused("key"):
        s.join(fewer, [s.belongs(fewer, share) for share in new.shares[:2]])


def test_a_share_as_people_write_it(one: tuple[s.Made, s.Manifest]) -> None:
    words = one[0].shares[2].split()
    numbered = "\n".join(f" {n:2}. {word.upper()}," for n, word in enumerate(words, 1))
    for typed in (numbered, "  # remark, with academic words\n" + numbered, "\t".join(words) + "\r\n\r\n"):
        assert s.belongs(one[1], typed).number == 3
    assert s.words("# acid\nacid") == ("acid",)


def test_what_is_secret_does_not_show(one: tuple[s.Made, s.Manifest]) -> None:
    assert repr(one[0]) == "<Made>"
    assert repr(s.belongs(one[1], one[0].shares[0])) == "<Share 1>"
    assert f"{one[0]}" == "<Made>"


# --- the manifest


def test_the_manifest_names_the_seat_and_not_the_channel(one: tuple[s.Made, s.Manifest]) -> None:
    new, manifest = one
    assert manifest.fingerprint == SEALER.keys.fingerprint(CHANNEL) != SEALER.keys.fingerprint(OTHER_CHANNEL)
    assert CHANNEL not in new.head
    assert len(new.head) < s.LARGEST_HEAD


def test_two_archives_have_nothing_in_common() -> None:
    (first, one), (second, two) = (made(name) for name in ("first", "second"))
    assert first.key != second.key
    assert {one.salt, one.check, *one.shares}.isdisjoint({two.salt, two.check, *two.shares})


@pytest.mark.parametrize("place", [*range(0, 5700, 97), -1])
def test_a_byte_of_the_head_altered(one: tuple[s.Made, s.Manifest], place: int) -> None:
    raw = bytearray(one[0].head)
    raw[place] ^= 1
    with pytest.raises(Malformed):
        s.read_head(bytes(raw))


def test_either_signature_alone_is_not_enough(one: tuple[s.Made, s.Manifest]) -> None:
    head = decode(one[0].head, s.Head)
    for part in (replace(head, ed=bytes(64)), replace(head, mldsa=bytes(3309))):
        with refused("signature"):
            s.read_head(encode(part))
    otherwise = SEALER.sign(labels.ROSTER_SIG, head.manifest)
    with refused("signature"):
        s.read_head(encode(s.Head(head.manifest, *otherwise)))


def test_another_seats_signature(one: tuple[s.Made, s.Manifest]) -> None:
    with refused("signature"):
        s.read_head(resigned(one[1], seat("mallory").identity))


@pytest.mark.parametrize(("threshold", "count"), [(1, 5), (0, 5), (6, 5), (3, 17), (2, 0)])
def test_a_manifest_of_numbers_that_cannot_be(one: tuple[s.Made, s.Manifest], threshold: int, count: int) -> None:
    hashes = (one[1].shares * 4)[:count]
    with refused("threshold"):
        s.read_head(resigned(replace(one[1], threshold=threshold, shares=hashes)))


def test_without_the_hashes_a_foreign_share_would_pass_as_ones_own(one: tuple[s.Made, s.Manifest]) -> None:
    """The test can fail: without them nobody would be told whose paper is the wrong one."""
    careless = weakened("seal.shares", ("if p.equal(_hash(manifest.salt, number, share), found):", "if number == 1:"))
    assert careless.belongs(one[1], made("another")[0].shares[0]).number == 1


# --- our own vectors


def read(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: read(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [read(one, key) for one in value]
    return bytes.fromhex(value) if isinstance(value, str) and key not in maker.WRITTEN else value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_vector(path: Path) -> None:
    case = read(json.loads(path.read_text()))
    if case["class"] == "ok":
        for name, value in maker.RUN[case["op"]](case).items():
            assert case[name] == value, name
        return
    with pytest.raises(Malformed) as error:
        maker.RUN[case["op"]](case)
    assert error.value.code == case["class"]


def test_the_files_are_what_the_tool_makes() -> None:
    for path, content in maker.made().items():
        assert (VECTORS / path).read_text() == content, path
    assert {path.name for path in FILES} == maker.made().keys() | {f"{name}.json" for name in maker.drawn()}
