"""A reader in another language, from the spec alone, opens what was set aside and judges a hat as our desks do."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from backchannel.channel.state import At
from backchannel.entry.codec import decode, encode
from backchannel.errors import Malformed
from backchannel.instruments.base import Spoken
from backchannel.instruments.hat import mix
from backchannel.instruments.hat.rules import HAT
from backchannel.instruments.hat.values import Hat, Open, Post, Show
from backchannel.seal import aside
from backchannel.seal import primitives as p
from tests.instruments.hat.kit import CHANNEL, MORNING, Table, chance, channel, idea, question, reaction, seat
from tests.instruments.hat.test_blame import folds, pocket, says, table
from tests.interop.test_understanding_node import modules  # noqa: F401 - a fixture

SCRIPT = Path(__file__).with_name("hat.test.mjs")
VECTORS = Path(__file__).parent.parent.parent / "vectors"
NAMES = "Ana Ben Cem Dov"
Json = dict[str, Any]


def judged(modules: Path, folder: Path, cases: list[Json]) -> list[Json]:  # noqa: F811
    """What the foreign program makes of each case."""
    file = folder / "cases.json"
    file.write_text(json.dumps(cases))
    ran = subprocess.run(["node", str(SCRIPT), str(modules), str(file)], capture_output=True, text=True, timeout=200)
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


# --- words that were set aside


def envelope(words: bytes, **change: Any) -> Json:
    """An item's key for three seats, and words under it, as they stand in the log."""
    random, names = chance("envelope"), sorted(map(seat, ("Ana", "Ben", "Cem")))
    seeds = {name: random(32) for name in names}
    to = [aside.OneTime(name, n, p.xwing_public(seeds[name])) for n, name in enumerate(names)]
    key = random(32)
    case = {
        "op": "aside",
        "channel": CHANNEL.hex(),
        "seat": names[1].hex(),
        "n": 1,
        "seed": seeds[names[1]].hex(),
        "brings": encode(aside.with_key(CHANNEL, key, b"act", to)).hex(),
        "carries": encode(aside.with_words(CHANNEL, key, b"act of the words", words, random)).hex(),
    }
    return {**case, **change}


@pytest.mark.parametrize("size", [0, 1, 4_095, 4_096, 20_000])
def test_it_opens_what_was_set_aside(modules: Path, tmp_path: Path, size: int) -> None:  # noqa: F811
    words = bytes(range(1, 201)) * 100
    (found,) = judged(modules, tmp_path, [envelope(words[:size])])
    assert found == {"found": words[:size].hex()}


def test_it_refuses_what_was_altered_or_is_for_another(modules: Path, tmp_path: Path) -> None:  # noqa: F811
    good = envelope(b"Share the waters.")
    brings = decode(bytes.fromhex(good["brings"]), aside.Aside)
    carries = decode(bytes.fromhex(good["carries"]), aside.Aside)

    def other(of: aside.Aside, **change: Any) -> str:
        fields = {name: getattr(of, name) for name in of.__struct_fields__}
        return encode(aside.Aside(**{**fields, **change})).hex()

    flipped = carries.sealed[:-1] + bytes([carries.sealed[-1] ^ 1])
    slot = brings.slots[1][:-1] + bytes([brings.slots[1][-1] ^ 1])
    cases: dict[str, Json] = {
        "none": {"seed": "00" * 32},
        "slots": {"n": 2},
        "tag": {"carries": other(carries, act=b"another act")},
        "altered": {"carries": other(carries, sealed=flipped)},
        "commitment": {"channel": "00" * 32},
    }
    wanted = [*({**good, **change} for change in cases.values()), {**good, "seat": seat("Dov").hex()}]
    wanted += [{**good, "brings": other(brings, slots=(brings.slots[0], slot, brings.slots[2]))}]
    found = [one["refused"] for one in judged(modules, tmp_path, wanted)]
    assert found == ["none", "slots", "tag", "altered", "none", "slots", "none"]


def test_it_opens_and_refuses_every_vector_of_what_is_set_aside(modules: Path, tmp_path: Path) -> None:  # noqa: F811
    cases = [json.loads(path.read_text()) for path in sorted((VECTORS / "aside").glob("*.json"))]
    given = [{**one, **{name: raw(one[name]).hex() for name in ("slot", "body") if name in one}} for one in cases]
    for case_, found in zip(cases, judged(modules, tmp_path, given), strict=True):
        holds = case_["key"] if case_["op"] != "words" else raw(case_.get("words", "")).hex()
        assert found == ({"found": holds} if case_["class"] == "ok" else {"refused": case_["class"]})
    assert {one["op"] for one in cases} == {"slot", "copy", "words"}


def raw(text: str) -> bytes:
    """Bytes of a vector."""
    return base64.b64decode(text)


# --- rounds


def case(made: Table) -> Json:
    """A round as a transcript: its opening, and every message that counted."""
    item = made.round()
    opened = next(entry for entry in made.log if entry.kind == "hat.open" and entry.id == item.id)
    said = [e for e in made.log if e.kind.startswith("hat.") and e.kind not in ("hat.open", "hat.close")]
    return {
        "op": "round",
        "channel": CHANNEL.hex(),
        "open": opened.id.hex(),
        "act": opened.body.hex(),
        "messages": [
            {
                "kind": entry.kind.removeprefix("hat."),
                "seat": seat(entry.sender).hex(),
                "entry": entry.id.hex(),
                "words": entry.words.hex(),
            }
            for entry in said
            if set(entry.verdicts.values()) == {"ok"}
        ],
    }


def ours(transcript: Json) -> Json:
    """What our rules make of a transcript."""
    state, words = channel(NAMES), dict[bytes, bytes]()
    act = decode(bytes.fromhex(transcript["act"]), Open)

    def spoken(entry: str, by: bytes, kind: str, body: Any, said: bytes) -> Spoken:
        at, id_ = At(100 + len(words), MORNING), bytes.fromhex(entry)
        return Spoken(at, id_, by, act.seats, kind, body, state, said, lambda one: words.get(one, b""), None, True)

    item: Hat = HAT.fold(None, spoken(transcript["open"], act.seats[0], "hat.open", act, b""))
    for one in transcript["messages"]:
        said = bytes.fromhex(one["words"])
        try:
            post = Post(item.id)
            item = HAT.fold(item, spoken(one["entry"], bytes.fromhex(one["seat"]), f"hat.{one['kind']}", post, said))
        except Malformed as problem:
            return {"refused": problem.code}
        words[bytes.fromhex(one["entry"])] = said
    if item.state == "opened":
        return {"state": "opened", "spoiled": item.spoiled, "slips": [slip.hash.hex() for slip in item.slips]}
    if item.state == "blamed":
        return {"state": "blamed", "culprits": [[one.seat.hex(), one.how] for one in item.culprits]}
    return {"state": "failed" if item.state == "failed" else "running"}


def plain(found: Json) -> Json:
    """Without what the slips say."""
    return {name: value for name, value in found.items() if name != "contents"}


def of_vector(name: str) -> tuple[Json, str, Json]:
    """A round of the vectors as a transcript, the class of its last message, and how the round ends."""
    vector = json.loads((VECTORS / "hat" / f"{name}.json").read_text())
    before: Json = {"entries": []}
    if "after" in vector:
        before = json.loads((VECTORS / "hat" / f"{vector['after']}.json").read_text())
        before["entries"] = before["entries"][: vector["upto"]]
    entries = [*before["entries"], *vector["entries"]]
    opened = entries[0]
    messages = [
        {"kind": e["kind"][4:], "seat": e["seat"], "entry": e["id"], "words": raw(e["words"]).hex()}
        for e in entries
        if e["kind"].startswith("hat.") and e["kind"] not in ("hat.open", "hat.close")
    ]
    channel_ = vector.get("channel", before.get("channel"))
    transcript = {"op": "round", "channel": channel_, "open": opened["id"], "act": raw(opened["act"]).hex()}
    return {**transcript, "messages": messages}, vector["class"], vector.get("items", [{}])[0]


def test_it_judges_every_vector_of_a_round(modules: Path, tmp_path: Path) -> None:  # noqa: F811
    names = [path.stem for path in sorted((VECTORS / "hat").glob("*.json"))]
    mine = [name for name in names if name not in ELSEWHERE]
    cases = {name: of_vector(name) for name in mine}
    for name, found in zip(mine, judged(modules, tmp_path, [one[0] for one in cases.values()]), strict=True):
        _, class_, ends = cases[name]
        if class_ != "ok":
            assert found == {"refused": class_}, name
        elif ends["state"] == "blamed":
            assert found["culprits"] == [[one["seat"], one["how"]] for one in ends["culprits"]], name
        else:
            assert found["state"] == {"closed": "opened"}.get(ends["state"], ends["state"]), name
            assert found.get("slips", []) == [one["hash"] for one in ends["slips"]], name
    assert len(mine) > 12


ELSEWHERE = {
    # what follows from a round, and when: not of this program
    *("close-by-another", "close-other-slips", "float-by-another", "float-of-no-slip", "words-of-another-slip"),
    *("key-too-late", "slips"),
}


def with_slips() -> Json:
    made = Table(NAMES, name="slips")
    for name, slip in (("Ana", idea()), ("Cem", reaction(bytes(32), text="No.")), ("Dov", question())):
        made.desks[name].tray.append(slip)
    made.call("Ben")
    made.run()
    return case(made)


def spoiled() -> Json:
    made = Table(NAMES, name="spoiled")
    made.desks["Ana"].tray += [b"no slip"]
    made.call("Ben")
    made.run()
    return case(made)


def folded(*wrong: str) -> Json:
    made = table("commits")
    for name in wrong:
        folds(made, name, lambda core, outer: bytes(len(mix.wrap(made.round().sid, outer, core))))
    made.run()
    return case(made)


def twins() -> Json:
    made, first = table("commits"), list[bytes]()

    def twin(core: bytes, outer: list[bytes]) -> bytes:
        first.append(core)
        return mix.wrap(made.round().sid, outer, first[0])

    for name in ("Ben", "Cem"):
        folds(made, name, twin)
    made.run()
    return case(made)


def staged() -> Json:
    made = table("stages")
    who = min(made.desks, key=seat)
    size = mix.wrapped_size(4, made.round().terms.size, 1)
    says(made, who, "stage", mix.encode_list([bytes([k]) * size for k in range(4)]))
    made.run()
    return case(made)


def alarm(to: str, kind: str, words: bytes = b"") -> Json:
    made = table(to)
    says(made, "Ben", kind, words)
    made.run()
    return case(made)


def seen_otherwise() -> Json:
    made = table("votes")
    outer = pocket(made, "Cem").outer
    says(made, "Ben", "nogo")
    says(made, "Cem", "show", encode(Show(outer, bytes(32))))
    made.run()
    return case(made)


ENDS = {
    "slips": (with_slips, "opened"),
    "spoiled": (spoiled, "opened"),
    "folded": (lambda: folded("Ben"), "blamed"),
    "folded-by-two": (lambda: folded("Ben", "Dov"), "blamed"),
    "twins": (twins, "blamed"),
    "stage": (staged, "blamed"),
    "alarm-early": (lambda: alarm("stages", "nogo"), "blamed"),
    "alarm": (lambda: alarm("votes", "nogo"), "blamed"),
    "other-go": (lambda: alarm("votes", "go", bytes(32)), "blamed"),
    "seen-otherwise": (seen_otherwise, "failed"),
}


def test_it_comes_to_every_end_as_we_do(modules: Path, tmp_path: Path) -> None:  # noqa: F811
    cases = {name: make() for name, (make, _) in ENDS.items()}
    for name, found in zip(cases, judged(modules, tmp_path, list(cases.values())), strict=True):
        assert found["state"] == ENDS[name][1], (name, found)
        assert plain(found) == ours(cases[name]), name
    (found,) = judged(modules, tmp_path, [cases["slips"]])
    held = {idea().hex(), reaction(bytes(32), text="No.").hex(), question().hex()}
    assert set(found["contents"]) == held
    assert len(found["slips"]) == 3


@pytest.mark.parametrize("name", ["slips", "alarm"])
def test_it_judges_every_altered_copy_as_we_do(modules: Path, tmp_path: Path, name: str) -> None:  # noqa: F811
    """One message at a time: a byte of it turned, left out, said twice, said by another."""
    good, copies = ENDS[name][0](), list[Json]()
    for at, message in enumerate(good["messages"]):
        words, others = bytes.fromhex(message["words"]), good["messages"]
        for place in {0, len(words) // 2, len(words) - 1} if words else ():
            turned = words[:place] + bytes([words[place] ^ 1]) + words[place + 1 :]
            copies.append({**good, "messages": [*others[:at], {**message, "words": turned.hex()}, *others[at + 1 :]]})
        copies.append({**good, "messages": [*others[:at], *others[at + 1 :]]})
        copies.append({**good, "messages": [*others[: at + 1], message, *others[at + 1 :]]})
        stranger = next(one["seat"] for one in others if one["seat"] != message["seat"])
        copies.append({**good, "messages": [*others[:at], {**message, "seat": stranger}, *others[at + 1 :]]})
    found = judged(modules, tmp_path, copies)
    refused = 0
    for copy, theirs in zip(copies, found, strict=True):
        mine = ours(copy)
        assert ("refused" in mine) == ("refused" in theirs), (mine, theirs)
        if "refused" not in mine:
            assert plain(theirs) == mine
        refused += "refused" in mine
    assert refused > len(copies) // 2
