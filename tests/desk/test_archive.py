"""Archives: what is in one and what never is, shares that are bad, files that were tampered with, a kill on the way."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from backchannel import labels
from backchannel.channel.state import At
from backchannel.desk import handovers, hats, mandates, nonpapers, soundings, texts, understandings
from backchannel.desk.archive import facts as facts_of
from backchannel.desk.archive import readme, store
from backchannel.desk.archive.bundle import LONGEST_FRAME, Unpacking, pack
from backchannel.desk.archive.papers import Papers
from backchannel.desk.archive.store import Archive, opened, seal
from backchannel.desk.archive.teller import Teller
from backchannel.desk.channel import Channel
from backchannel.entry.codec import decode, encode
from backchannel.errors import BackchannelError, Malformed, Misuse, RelayFault, Unreachable, VaultError
from backchannel.instruments import INSTRUMENTS, mandate
from backchannel.instruments.text import values
from backchannel.instruments.understanding import record
from backchannel.ledger.checkpoint import open_checkpoint
from backchannel.ledger.leaf import Leaf
from backchannel.ledger.origin import origin_line
from backchannel.ledger.tree import Tree
from backchannel.seal import shares
from backchannel.seal.stream import CHUNK, SEALED, seal_stream
from tests.conftest import ROOT
from tests.desk.world import World, alarms, found, offline, picture, talks, wire

NOTE, OLD, PRIVATE, IDEA, SLIP, TRIAL = (
    "the cape and not the meridian",
    "a word that is to be gone",
    "a word for one only",
    "idea floated over lunch",
    "folded slip of paper",
    "the answer that nobody found",
)
MEDIATE = "Who may mediate?"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with talks(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A channel in which everything has happened."""
    with talks(tmp_path_factory.mktemp("lived")) as made:
        live(made)
        yield made


def live(world: World) -> None:
    ana, hernan, sofia = (world[name] for name in ("ana", "hernan", "sofia"))
    world.settle()
    ana.send_note(OLD, keep_days=1)
    ana.send_note(NOTE, read_back=True)
    hernan.send_note(PRIVATE, [sofia.me])
    nonpapers.float_(ana, "Three points", IDEA, hours=48)
    nonpapers.drop(hernan, "Sea of peace", SLIP)
    nonpapers.drop_question(ana, SLIP, [SLIP])
    world.settle()
    hernan.restate(hernan.items("note")[1].value, "the cape")
    hats.call(sofia)
    world.settle()
    for question in (MEDIATE, TRIAL):
        soundings.ask(sofia, question, ["The Pope", "The King"], [ana.me, hernan.me], hours=24 * 9)
    world.settle()
    for channel, yes in ((ana, [0, 1]), (hernan, [0])):
        asked = next(i.value for i in channel.items("sounding") if i.value.terms.question == MEDIATE)
        soundings.answer(channel, asked, yes)
    world.settle()
    texts.open_(ana, "Zone", ["No force [shall / may] be used.", "The cape."])
    understandings.propose(ana, "Act", "No force.", [ana.me, hernan.me])
    understandings.propose(sofia, "Draft", "To be seen.", [ana.me, sofia.me])
    world.settle()
    for channel in (ana, hernan):
        understandings.initial(channel, channel.items("understanding")[0].value)
    world.settle()
    for channel in (ana, hernan):
        understandings.sign(channel, channel.items("understanding")[0].value)
    world.settle()
    world.clock.days(1.1)  # the old note's hour has passed, and no desk was open since


def sealed(channel: Channel, target: Path, k: int = 2, n: int = 3, **options: Any) -> Papers:
    handed: list[Papers] = []
    words = seal(channel, target, threshold=k, count=n, hand_out=handed.append, **options)
    assert words == handed[0].reference
    return handed[0]


def unseal(source: Path, typed: list[str], folder: Path) -> tuple[str, ...]:
    with opened(source) as archive:
        return archive.unseal([archive.share(one) for one in typed], folder)


@pytest.fixture(scope="module")
def archive(lived: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Papers]:
    target = tmp_path_factory.mktemp("archive") / "talks.archive"
    return target, sealed(lived["ana"], target)


@pytest.fixture(scope="module")
def folder(archive: tuple[Path, Papers], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive, opened."""
    found = tmp_path_factory.mktemp("opened") / "talks"
    unseal(archive[0], list(archive[1].shares[1:]), found)
    return found


def facts(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def everything(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def refused(code: str, deed: Callable[[], object]) -> BackchannelError:
    with pytest.raises(BackchannelError) as error:
        deed()
    assert error.value.code == code, error.value
    return error.value


# --- what is in it


def test_every_instrument_says_whether_it_is_in_an_archive() -> None:
    assert {i.name for i in INSTRUMENTS} <= facts_of.KEPT.keys() | facts_of.LEFT_OUT.keys()
    assert not facts_of.KEPT.keys() & facts_of.LEFT_OUT.keys()


def test_what_stays_is_there(folder: Path, lived: World) -> None:
    ana = lived["ana"]
    [note] = facts(folder, "notes.json")
    assert (note["text"], note["from"]["name"]) == (NOTE, "Ana P.")
    assert [one["name"] for one in note["to"]] == ["Hernán C.", "Sofia S."] or len(note["to"]) == 2
    assert [one["restated"] for one in note["read_back"] if one["restated"]] == ["the cape"]
    act, draft = facts(folder, "understandings.json")
    assert (act["state"], draft["state"]) == ("complete", "proposed")
    assert (folder / act["text"]).read_text() == "Act\n\nNo force.\n"
    assert draft["record"] is None
    proof = record.read((folder / act["record"]).read_bytes())
    assert record.verify(proof).clauses == ("No force.",)
    [zone] = facts(folder, "texts.json")
    assert (folder / zone["text"]).read_text() == "Zone\n\nNo force [shall / may] be used.\n\nThe cape.\n"
    [sounding] = facts(folder, "soundings.json")
    assert (sounding["question"], sounding["results"]) == (MEDIATE, [{"option": "The Pope", "yes": 2}])
    channel = facts(folder, "channel.json")
    assert channel["charter"]["terms"]["retention_days"] == 30
    assert [one["name"] for one in channel["charter"]["signed_by"]] == ["Ana P.", "Hernán C.", "Sofia S."]
    for one, seat in zip(channel["seats"], ana.state.seats, strict=True):
        assert bytes.fromhex(one["fingerprint"])[:16] == seat.id
        assert one["words"] == list(seat.keys.words(ana.id))
    about = facts(folder, "archive.json")
    assert (about["channel"], about["sealed_by"]["name"]) == (ana.id.hex(), "Ana P.")
    assert "no program is needed" in (folder / "readme.txt").read_text().replace("\n", " ")


def test_the_log_adds_up_to_what_the_relay_signed(folder: Path, lived: World) -> None:
    ana = lived["ana"]
    rows = [row.split(",") for row in (folder / "log/leaves.csv").read_text().splitlines()[1:]]
    leaves = [Leaf(bytes.fromhex(i), int(arrival), int(length), bytes.fromhex(e)) for _, arrival, length, i, e in rows]
    root = Tree(leaf.hash() for leaf in leaves).root()
    log = facts(folder, "archive.json")["log"]
    assert (log["entries"], log["root"]) == (len(rows), root.hex())
    point = open_checkpoint(
        (folder / "log/checkpoint.txt").read_bytes(),
        origin_line(ana.name),
        ana.session.book.cover().relay_key,
    )
    assert (point.size, point.root) == (len(rows), root)


def test_a_channel_without_a_charter(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        found(world, "ana", "hernan")
        papers = sealed(world["ana"], tmp_path / "a")
        unseal(tmp_path / "a", list(papers.shares[:2]), tmp_path / "opened")
        assert facts(tmp_path / "opened", "channel.json")["charter"] is None
        assert facts(tmp_path / "opened", "notes.json") == []
    finally:
        world.close()


def test_what_never_is(folder: Path, lived: World) -> None:
    """Neither words that vanish or have lapsed, nor anything that opens something."""
    found, ana = everything(folder), lived["ana"]
    for words in (OLD, PRIVATE, IDEA, SLIP, TRIAL, "Three points", "Sea of peace"):
        assert words.encode() not in found
    session = ana.session
    seeds, wallet = session.book.identity().seeds, session.engine.wallet
    secrets = [seeds.ed25519, seeds.mldsa, seeds.x25519, *wallet.secrets.values(), session.book.credential()[1]]
    secrets += [part for key in wallet.prekeys for part in (key.seeds.xwing, key.seeds.x25519)]
    secrets += [row[0] for row in session.vault.query("SELECT seed FROM sending")]
    secrets += [row[0] for row in session.vault.query("SELECT control FROM epoch WHERE control IS NOT NULL")]
    assert len(secrets) > 8
    for secret in secrets:
        assert secret not in found
        assert secret.hex().encode() not in found
    # of a sounding nothing but the result: who holds the rounds could open the answers one day
    for item in ana.items("sounding"):
        for ballot in item.value.ballots:
            assert ballot.body[40:72] not in found
            assert ballot.body.hex().encode()[80:144] not in found


def test_the_test_of_what_never_is_can_fail(folder: Path) -> None:
    assert NOTE.encode() in everything(folder)


def test_a_note_in_its_last_hour(lived: World, tmp_path: Path) -> None:
    """By the clock, not by what this desk has come round to deleting."""
    with talks(tmp_path) as world:
        world["ana"].send_note("short", keep_days=1)
        world.settle()
        kept = []
        for name, days in (("before", 0.99), ("after", 0.02)):
            world.clock.days(days)
            papers = sealed(world["ana"], tmp_path / f"{name}.archive")
            unseal(tmp_path / f"{name}.archive", list(papers.shares[:2]), tmp_path / name)
            kept.append([note["text"] for note in facts(tmp_path / name, "notes.json")])
        assert kept == [["short"], []]


def test_without_notes(lived: World, tmp_path: Path) -> None:
    papers = sealed(lived["ana"], tmp_path / "a", notes=False)
    names = unseal(tmp_path / "a", list(papers.shares[:2]), tmp_path / "opened")
    assert "notes.json" not in names
    assert "notes" in facts(tmp_path / "opened", "archive.json")["left_out"]
    assert NOTE.encode() not in everything(tmp_path / "opened")


def test_under_the_chatham_rule_nothing_that_was_said_has_a_name(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = world["ana"]
    ana.send_note(NOTE, read_back=True)
    world.settle()
    world["hernan"].restate(world["hernan"].items("note")[0].value, "the cape")
    understandings.propose(world["sofia"], "Act", "No force.", [ana.me, world["hernan"].me])
    world.settle()
    state = ana.state
    assert state.charter is not None
    strict = replace(state.charter, terms=replace(state.charter.terms, attribution="chatham"))
    monkeypatch.setattr(Channel, "state", property(lambda _: replace(state, charter=strict)))
    papers = sealed(ana, tmp_path / "a")
    unseal(tmp_path / "a", list(papers.shares[:2]), tmp_path / "opened")
    [note] = facts(tmp_path / "opened", "notes.json")
    assert (note["text"], note["from"], note["to"]) == (NOTE, None, None)
    assert {one["seat"] for one in note["read_back"]} == {None}
    [act] = facts(tmp_path / "opened", "understandings.json")
    assert act["proposed_by"] is None
    assert len(act["parties"]) == 2  # whoever is to sign is named: that is what signing is for


def test_mandates_are_named_with_what_came_with_them(world: World, tmp_path: Path) -> None:
    ana = world["ana"]
    published = mandate.Published("https://example.org/seats")
    mandates.grant(ana, ana.me, ("initial", "sign"), "Anything.", attestation=published)
    mandates.grant(world["hernan"], world["hernan"].me, ("sign",), "Texts.")
    world.settle()
    mandates.revoke(ana, ana.items("mandate")[0].value, "Recalled.")
    world.settle()
    told = [facts_of.KEPT["mandate"].tell(Teller(ana), item.value) for item in ana.items("mandate")]
    assert [one["state"] for one in told if one] == ["revoked", "in-force"]
    first = told[0]
    assert first is not None
    assert (first["to"]["name"], first["acts"], first["reason"]) == ("Ana P.", ["initial", "sign"], "Recalled.")
    assert first["attestation"] == {"form": "published", "where": "https://example.org/seats"}
    json.dumps(told)


def test_a_text_is_told_paragraph_by_paragraph(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, hernan, at = world["ana"], world["hernan"], At(7, 4_000_000)
    one, two = bytes(8), b"2" * 8
    words = ("", "First [shall / should].", "Second.", "Second, better.", "We need time.", "Why")
    stance = values.Stance("Chile", hernan.me, "reserve", 4, at)
    step = values.Step("replace", two, 0, bytes(8), 0, (3,))
    version = values.Version(1, at, bytes(32), one + (1).to_bytes(4, "big") + two + (2).to_bytes(4, "big"))
    item = values.Text(
        bytes(32),
        at,
        ana.me,
        (ana.me, hernan.me),
        "Zone",
        ana.me,
        "drafting",
        words,
        (
            values.Paragraph(one, 0, 1, False, (stance,)),
            values.Paragraph(b"3" * 8, 0, 2, True, ()),
            values.Paragraph(two, 1, 3, False, ()),
        ),
        (),
        (values.Amendment(b"a" * 32, At(9, 4_000_001), hernan.me, (step,), 5, "accepted", at, 0),),
        (version,),
        (values.Hush(1, at, 4_000_100, hernan.me, "Chile", 4), values.Hush(1, at, 4_000_100, None, "", 0)),
    )
    kept, teller = facts_of.KEPT["text"], Teller(ana)
    told = kept.tell(teller, item)
    assert told is not None
    assert [p["text"] for p in told["paragraphs"]] == ["First [shall / should].", "Second, better."]
    assert told["paragraphs"][0]["stances"][0] == {
        "party": "Chile",
        "stance": "reserve",
        "text": "We need time.",
        "since": teller.at(4_000_000),
    }
    [amendment] = told["amendments"]
    assert (amendment["by"]["name"], amendment["outcome"], amendment["reason"]) == ("Hernán C.", "accepted", "Why")
    assert amendment["changes"][0]["text"] == ["Second, better."]
    assert [hush["broken"] for hush in told["silences"]] == [True, False]
    files = {name: b"".join(pieces).decode() for name, pieces in kept.files(teller, item)}
    assert files == {
        "texts/7.txt": "Zone\n\nFirst [shall / should].\n\nSecond, better.\n",
        "texts/7-1.txt": "Zone\n\nFirst [shall / should].\n\nSecond.\n",
    }
    assert {told["text"], told["versions"][0]["text"]} == files.keys()
    teller.nameless = True
    hushed = json.dumps(kept.tell(teller, item), ensure_ascii=False)
    assert "Chile" not in hushed
    assert "Hernán" not in hushed
    assert "Ana" not in hushed


def test_without_the_relay_there_is_no_checkpoint(world: World, tmp_path: Path) -> None:
    offline(world["ana"])
    papers = sealed(world["ana"], tmp_path / "a")
    names = unseal(tmp_path / "a", list(papers.shares[:2]), tmp_path / "opened")
    assert "log/checkpoint.txt" not in names
    assert facts(tmp_path / "opened", "archive.json")["log"]["checkpoint"] is None


def test_a_relay_that_signs_another_history_is_caught(world: World, tmp_path: Path) -> None:
    ana = world["ana"]
    shorter = wire(ana).host.checkpoint(ana.name, ana.session.book.credential()[1], 3)
    wire(ana).after = lambda op, args, result: shorter if op == "checkpoint" else result
    with pytest.raises(RelayFault):
        sealed(ana, tmp_path / "a")
    assert alarms(ana) == ["root"]
    assert not list(tmp_path.glob("a*.part"))
    assert not (tmp_path / "a").exists()


def test_sealing_changes_nothing_on_the_desk_and_keeps_no_share(lived: World, tmp_path: Path) -> None:
    ana = lived["ana"]
    before = picture(ana)
    papers = sealed(ana, tmp_path / "a")
    assert picture(ana) == before
    held = repr(before)
    for share in papers.shares:
        assert share not in held


def test_who_has_not_joined_has_nothing_to_seal(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = replace(world["ana"].state, seats=())
    monkeypatch.setattr(type(world["ana"].session), "state", property(lambda _: empty))
    refused("not-joined", lambda: sealed(world["ana"], tmp_path / "a"))


def test_progress_is_told_and_ends(lived: World, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    papers = sealed(lived["ana"], tmp_path / "a", progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)
    told.clear()
    with opened(tmp_path / "a", lambda done, total: told.append((done, total))) as archive:
        assert told[-1][0] <= told[-1][1]
        held = [archive.share(one) for one in papers.shares[:2]]
        told.clear()
        archive.unseal(held, tmp_path / "opened", lambda done, total: told.append((done, total)))
        assert told == sorted(told)


# --- who may read it


def test_files_are_for_one_user_only(archive: tuple[Path, Papers], folder: Path, tmp_path: Path) -> None:
    archive[1].write(tmp_path / "shares")
    for path in (archive[0], *tmp_path.rglob("*"), *folder.rglob("*"), folder):
        assert path.stat().st_mode & 0o077 == 0, path


def test_papers(archive: tuple[Path, Papers], tmp_path: Path) -> None:
    source, papers = archive
    papers.write(tmp_path / "shares")
    files = sorted((tmp_path / "shares").iterdir())
    assert [file.name for file in files] == [f"share-{n}-of-3.txt" for n in (1, 2, 3)]
    with opened(source) as found:
        assert found.words == papers.reference
        for number, file in enumerate(files, 1):
            text = file.read_text()
            assert found.share(text).number == number
            assert "Argentina" not in text
            assert "Good offices" not in text
            assert max(map(len, text.splitlines())) <= 120
            others = [share.split() for k, share in enumerate(papers.shares, 1) if k != number]
            assert not any(" ".join(other[4:12]) in " ".join(shares.words(text)) for other in others)
    refused("exists", lambda: papers.write(tmp_path / "shares"))
    assert len(list((tmp_path / "shares").iterdir())) == 3
    assert repr(papers) == "<Papers>"


def test_papers_that_cannot_be_written_leave_none(
    archive: tuple[Path, Papers], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def full(path: Any, *args: Any, **options: Any) -> int:
        if str(path).endswith("share-2-of-3.txt"):
            raise OSError(28, "No space left on device")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(OSError, match="No space"):
        archive[1].write(tmp_path / "shares")
    assert not (tmp_path / "shares").exists()


# --- bad shares


def test_any_two_of_three_open_it(archive: tuple[Path, Papers], tmp_path: Path) -> None:
    _, papers = archive
    found = []
    for k, some in enumerate(((0, 1), (2, 0), (1, 2), (0, 1, 2))):
        unseal(archive[0], [papers.shares[n] for n in some], tmp_path / str(k))
        found.append(everything(tmp_path / str(k)))
    assert len(set(found)) == 1


def test_bad_shares_open_nothing(archive: tuple[Path, Papers], lived: World, tmp_path: Path) -> None:
    source, papers = archive
    first, second, _ = papers.shares
    words = first.split()
    wrong = " ".join([*words[:11], "acid" if words[11] == "academic" else "academic", *words[12:]])
    other = sealed(lived["ana"], tmp_path / "other").shares[1]
    for code, typed in (
        ("few", [first]),
        ("few", []),
        ("twice", [first, first]),
        ("checksum", [wrong, second]),
        ("foreign", [first, other]),
        ("words", [first, second + " acid"]),
    ):
        error = refused(code, partial(unseal, source, typed, tmp_path / "opened"))
        assert isinstance(error, Malformed)
        if code == "checksum":
            assert "word 12" in error.what
        assert not list(tmp_path.glob("opened*"))


# --- a file that was tampered with


def with_sum(raw: bytes) -> bytes:
    """As somebody would leave it who wants it to look whole."""
    return raw[:-32] + hashlib.sha256(raw[:-32]).digest()


def parts(raw: bytes) -> tuple[bytes, list[bytes], bytes]:
    start = 12 + int.from_bytes(raw[8:12], "big")
    return raw[:start], [raw[at : at + SEALED] for at in range(start, len(raw) - 32, SEALED)], raw[-32:]


TAMPERED: dict[str, tuple[str, Callable[[bytes, bytes], bytes]]] = {
    "empty": ("archive", lambda raw, other: b""),
    "something else": ("archive", lambda raw, other: b"%PDF-1.7 " + raw),
    "only its name": ("archive", lambda raw, other: raw[:8]),
    "only its head": ("archive", lambda raw, other: raw[:6_000]),
    "a byte short": ("archive", lambda raw, other: raw[:-1]),
    "a byte more": ("archive", lambda raw, other: raw + b"\0"),
    "a flipped bit": ("archive", lambda raw, other: raw[:-5000] + bytes([raw[-5000] ^ 1]) + raw[-4999:]),
    "a head of four gigabytes": ("archive", lambda raw, other: raw[:8] + b"\xff" * 4 + raw[12:]),
    "a head without end": ("archive", lambda raw, other: raw[:8] + (40_000).to_bytes(4, "big") + raw[12:]),
    "the last chunk cut off": ("archive", lambda raw, other: raw[: -32 - SEALED] + raw[-32:]),
    "the same, and summed anew": ("altered", lambda raw, other: with_sum(raw[: -32 - SEALED] + bytes(32))),
    "a bit, and summed anew": ("altered", lambda raw, other: with_sum(raw[:-5000] + b"?" + raw[-4999:])),
    "two chunks exchanged": ("altered", lambda raw, other: rebuilt(raw, lambda c: [c[1], c[0], *c[2:]])),
    "a chunk doubled": ("altered", lambda raw, other: rebuilt(raw, lambda c: [c[0], *c])),
    "a chunk left out": ("altered", lambda raw, other: rebuilt(raw, lambda c: c[1:])),
    "a chunk of another archive": ("altered", lambda raw, other: rebuilt(raw, lambda c: [parts(other)[1][0], *c[1:]])),
    "all chunks of another archive": ("altered", lambda raw, other: rebuilt(raw, lambda c: parts(other)[1])),
    "another head": ("altered", lambda raw, other: with_sum(resigned(raw, lambda m: m))),
    "another seat's name": ("signature", lambda raw, other: with_sum(resigned(raw, lambda m: m, sign=False))),
    "a signature of one kind only": ("signature", lambda raw, other: with_sum(unsigned(raw))),
}


def rebuilt(raw: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    head, chunks, _ = parts(raw)
    return with_sum(head + b"".join(change(chunks)) + bytes(32))


def headed(raw: bytes, head: shares.Head) -> bytes:
    new = encode(head)
    return raw[:8] + len(new).to_bytes(4, "big") + new + raw[12 + int.from_bytes(raw[8:12], "big") :]


def head_of(raw: bytes) -> shares.Head:
    return decode(raw[12 : 12 + int.from_bytes(raw[8:12], "big")], shares.Head)


def resigned(raw: bytes, change: Callable[[shares.Manifest], shares.Manifest], *, sign: bool = True) -> bytes:
    """The head signed anew, by another seat: with its own keys named in it, or not."""
    from tests.seal.kit import seat

    mallory = seat("mallory").identity
    manifest = decode(head_of(raw).manifest, shares.Manifest)
    if sign:
        manifest = replace(manifest, keys=mallory.keys, fingerprint=mallory.keys.fingerprint(bytes(32)))
    encoded = encode(change(manifest))
    return headed(raw, shares.Head(encoded, *mallory.sign(labels.ARCHIVE_SIG, encoded)))


def unsigned(raw: bytes) -> bytes:
    return headed(raw, replace(head_of(raw), mldsa=bytes(3309)))


@pytest.fixture(scope="module")
def long(lived: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Papers, bytes]:
    """An archive of several chunks, and another of the same."""
    folder = tmp_path_factory.mktemp("long")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readme, "README", readme.README + "." * 3 * CHUNK)
        papers = sealed(lived["ana"], folder / "a")
        sealed(lived["ana"], folder / "b")
    return (folder / "a").read_bytes(), papers, (folder / "b").read_bytes()


@pytest.mark.parametrize("name", TAMPERED)
def test_a_file_that_was_tampered_with(name: str, long: tuple[bytes, Papers, bytes], tmp_path: Path) -> None:
    raw, papers, other = long
    code, change = TAMPERED[name]
    (tmp_path / "a").write_bytes(change(raw, other))
    error = refused(code, lambda: unseal(tmp_path / "a", list(papers.shares[:2]), tmp_path / "opened"))
    assert isinstance(error, Malformed)
    assert not list(tmp_path.glob("opened*"))


def test_the_long_archive_opens(long: tuple[bytes, Papers, bytes], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(long[0])
    assert len(parts(long[0])[1]) >= 4
    unseal(tmp_path / "a", list(long[1].shares[:2]), tmp_path / "opened")
    with opened(tmp_path / "a") as archive:
        assert archive.words == long[1].reference


def forged(raw: bytes, papers: Papers, packed: bytes) -> bytes:
    """What trustees who act together can make: another content under the same head."""
    head, *_ = parts(raw)
    manifest = shares.read_head(head[12:])
    key = shares.join(manifest, [shares.belongs(manifest, one) for one in papers.shares[:2]])
    return with_sum(head + b"".join(seal_stream(key, store._context(head[12:]), [packed])) + bytes(32))


def test_trustees_together_can_replace_it_and_the_words_tell(
    long: tuple[bytes, Papers, bytes], lived: World, tmp_path: Path
) -> None:
    """A limit (6.1), and what shows it."""
    raw, papers, _ = long
    packed = b"".join(pack(lived["ana"].id, [("notes.json", [b"[]"])]))
    (tmp_path / "a").write_bytes(forged(raw, papers, packed))
    assert unseal(tmp_path / "a", list(papers.shares[1:]), tmp_path / "opened") == ("notes.json",)
    with opened(tmp_path / "a") as archive:
        assert archive.words != papers.reference


@pytest.mark.parametrize(
    ("code", "files"),
    [
        ("name", [("../escaped", [b"x"])]),
        ("name", [("/etc/passwd", [b"x"])]),
        ("name", [("a/../../b", [b"x"])]),
        ("name", [("a/b/c", [b"x"])]),
        ("name", [(".hidden", [b"x"])]),
        ("name", [("a\\b", [b"x"])]),
        ("name", [("a\0b", [b"x"])]),
        ("name", [("é", [b"x"])]),
        ("name", [("a" * 81, [b"x"])]),
        ("name", [("a", [b"x"]), ("a", [b"y"])]),
        ("name", [("a", [b"x"]), ("a/b", [b"y"])]),
        ("name", [("a/b", [b"x"]), ("a", [b"y"])]),
    ],
)
def test_names_that_lead_elsewhere(
    code: str, files: list[Any], long: tuple[bytes, Papers, bytes], lived: World, tmp_path: Path
) -> None:
    raw, papers, _ = long
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a").write_bytes(forged(raw, papers, b"".join(pack(lived["ana"].id, files))))
    refused(code, lambda: unseal(inside / "a", list(papers.shares[:2]), inside / "opened"))
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", "a"]


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        bytes(31),
        bytes(32),
        bytes(32) + b"\0\0\0\5abc",
        bytes(32) + b"\0\0\0\1a\0\0\0\1x",
        bytes(32) + (LONGEST_FRAME + 1).to_bytes(4, "big") + bytes(LONGEST_FRAME + 1),
        b"".join(pack(bytes(32), [("a", [b"x"])])) + b"more",
    ],
    ids=range(7),
)
def test_streams_that_are_none(packed: bytes) -> None:
    def read() -> None:
        for _, pieces in Unpacking([packed]).files():
            list(pieces)

    assert refused("frames", read).what


def test_a_seat_of_another_channel(long: tuple[bytes, Papers, bytes], tmp_path: Path) -> None:
    raw, papers, _ = long
    (tmp_path / "a").write_bytes(forged(raw, papers, b"".join(pack(bytes(32), []))))
    refused("keys", lambda: unseal(tmp_path / "a", list(papers.shares[:2]), tmp_path / "opened"))
    assert not list(tmp_path.glob("opened*"))


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9-]{0,8}(/[a-z][a-z0-9]{0,8}\.txt)?", fullmatch=True),
        st.lists(st.binary(min_size=1, max_size=200), max_size=4),
        max_size=6,
    ),
    st.lists(st.integers(0, 3000), max_size=5),
)
def test_any_files_come_back_however_the_stream_is_cut(files: dict[str, list[bytes]], cuts: list[int]) -> None:
    folders = {name.partition("/")[0] for name in files if "/" in name}
    files = {name: pieces for name, pieces in files.items() if name not in folders}
    raw = b"".join(pack(b"c" * 32, files.items()))
    at = [0, *sorted(min(cut, len(raw)) for cut in cuts), len(raw)]
    reading = Unpacking([raw[a:b] for a, b in itertools.pairwise(at)])
    assert reading.channel == b"c" * 32
    assert {name: b"".join(got) for name, got in reading.files()} == {n: b"".join(p) for n, p in files.items()}


def test_a_long_piece_is_cut() -> None:
    piece = bytes(2 * LONGEST_FRAME + 3)
    reading = Unpacking(pack(bytes(32), [("a", [piece])]))
    assert [[len(part) for part in got] for _, got in reading.files()] == [[LONGEST_FRAME, LONGEST_FRAME, 3]]


# --- on the way


def test_what_is_there_is_never_overwritten(archive: tuple[Path, Papers], lived: World, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("a", "dangling"):
        refused("exists", partial(sealed, lived["ana"], tmp_path / name))
        refused("exists", partial(unseal, archive[0], list(archive[1].shares[:2]), tmp_path / name))
    assert (tmp_path / "a").read_text() == "mine"

    def meanwhile(papers: Papers) -> None:
        (tmp_path / "b").write_text("mine")

    refused("exists", lambda: seal(lived["ana"], tmp_path / "b", threshold=2, count=2, hand_out=meanwhile))
    assert (tmp_path / "b").read_text() == "mine"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(("k", "n"), [(1, 3), (4, 3), (2, 17)])
def test_numbers_that_cannot_be(lived: World, tmp_path: Path, k: int, n: int) -> None:
    refused("threshold", lambda: sealed(lived["ana"], tmp_path / "a", k, n))
    assert not list(tmp_path.iterdir())


def test_shares_that_were_not_handed_out_leave_no_archive(lived: World, tmp_path: Path) -> None:
    def stop(papers: Papers) -> None:
        assert (tmp_path / "a.part").exists()
        assert not (tmp_path / "a").exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal(lived["ana"], tmp_path / "a", threshold=2, count=3, hand_out=stop)
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing(
    archive: tuple[Path, Papers], lived: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        error = refused("disk-full", lambda: sealed(lived["ana"], tmp_path / "a"))
        assert isinstance(error, VaultError)
        refused("disk-full", lambda: unseal(archive[0], list(archive[1].shares[:2]), tmp_path / "opened"))
    assert not list(tmp_path.iterdir())


def test_an_opening_that_was_killed_is_not_taken_for_one(archive: tuple[Path, Papers], tmp_path: Path) -> None:
    (tmp_path / "opened.part").mkdir()
    (tmp_path / "opened.part" / "notes.json").write_text("half")
    error = refused("exists", lambda: unseal(archive[0], list(archive[1].shares[:2]), tmp_path / "opened"))
    assert "delete it" in error.todo
    assert (tmp_path / "opened.part" / "notes.json").exists()


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert isinstance(refused("file", lambda: unseal(tmp_path / "none", [], tmp_path / "opened")), Misuse)
    refused("file", lambda: unseal(tmp_path, [], tmp_path / "opened"))


KILLED = """
import os, signal, sys
from pathlib import Path
from backchannel.desk.archive import store
from backchannel.seal import shares, stream
from tests.seal.kit import seat, chance
target, when = Path(sys.argv[1]), int(sys.argv[2])
made = shares.make(2, 3, bytes(32), seat("ana").identity, os.urandom)
def pieces():
    for n in range(8):
        if n == when:
            os.kill(os.getpid(), signal.SIGKILL)
        yield b"the words themselves " * 10_000
with store._part(target) as part:
    store._write(part, made, pieces())
    if when == 8:
        os.kill(os.getpid(), signal.SIGKILL)
    part.replace(target)
"""


@pytest.mark.parametrize("when", [0, 3, 8])
def test_killed_while_writing(when: int, lived: World, tmp_path: Path) -> None:
    """Nothing under the final name, nothing readable beside it, and the next attempt goes through."""
    target = tmp_path / "a"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    done = subprocess.run([sys.executable, "-c", KILLED, str(target), str(when)], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not target.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["a.part"]
    assert b"words themselves" not in (tmp_path / "a.part").read_bytes()
    papers = sealed(lived["ana"], target)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    unseal(target, list(papers.shares[:2]), tmp_path / "opened")


def test_nothing_readable_touches_the_disk_while_sealing(
    lived: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file is opened for writing, and nothing of the record or of the shares can be read in it."""
    written: list[str] = []
    real, real_io = os.open, io.open

    def opening(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            written.append(str(path))
        return real(path, flags, *rest, **options)

    def opening_io(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
        if not isinstance(file, int) and set(mode) & set("wax+"):
            written.append(str(file))
        return real_io(file, mode, *rest, **options)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(io, "open", opening_io)
    monkeypatch.setattr("builtins.open", opening_io)
    papers = sealed(lived["ana"], tmp_path / "a")
    monkeypatch.undo()
    assert [path for path in written if not path.endswith("desk.lock")] == [str(tmp_path / "a.part")]
    raw = (tmp_path / "a").read_bytes()
    for words in (NOTE, "No force.", *papers.shares):
        assert words.encode() not in raw


def test_no_desk_and_no_relay_are_needed(archive: tuple[Path, Papers], lived: World, tmp_path: Path) -> None:
    def silent(op: str, args: tuple[Any, ...]) -> None:
        raise Unreachable("silent", "No.")

    wire(lived["ana"]).before = silent
    try:
        unseal(archive[0], list(archive[1].shares[:2]), tmp_path / "opened")
        with opened(archive[0]) as found:
            assert isinstance(found, Archive)
    finally:
        wire(lived["ana"]).before = lambda op, args: None


# --- what a predecessor passed on


@pytest.mark.parametrize("attribution", ["attributed", "chatham"])
def test_what_was_passed_on_says_so(tmp_path: Path, attribution: str) -> None:
    with talks(tmp_path, ("ana", "sofia"), attribution=attribution) as world:
        world["ana"].send_note("for Sofia")
        sofia = world["sofia"]
        world.settle()
        invite = handovers.offer(sofia, sofia.me, "Agostino C.")
        sofia.sync()
        world.desk("ago").join(sofia.code(invite))
        heir = world["ago"]
        heir.sign_charter(heir.state.charter)
        world.settle()
        world["ana"].send_note("for Agostino")
        world.settle()
        found = tmp_path / "opened"
        unseal(tmp_path / "a", list(sealed(heir, tmp_path / "a").shares[1:]), found)
    passed, own = facts(found, "notes.json")
    assert (passed["passed_on"], own["passed_on"], own["passed_on_by"]) == (True, False, None)
    assert (passed["passed_on_by"] or {}).get("name") == (None if attribution == "chatham" else "Sofia S.")
    places = {seat["name"]: seat["in_place_of"] for seat in facts(found, "channel.json")["seats"]}
    assert (places["Ana P."], places["Agostino C."]["name"]) == (None, "Sofia S.")
