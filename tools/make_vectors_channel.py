"""Write the vectors of the channel and of records. ML-DSA signs otherwise each time, so the files stay as first made.

    python tools/make_vectors_channel.py            # cases that are missing
    python tools/make_vectors_channel.py --anew     # all

A case is one JSON file, named by what is wrong; its `class` is `ok` or the code of the refusal. `op` says what to do:

- `code`: read the invitation code `text`; it is `value`
- `terms`: check the charter's terms
- `roster`: fold `acts` (base64 of encoded roster acts, spec/sealing.md 8) at their positions and arrivals, after the
  acts of the case `after`; each has a class of its own; the roster ends as in `roster`
- `record`: read and verify the record file `text`
"""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from backchannel.channel import acts, code
from backchannel.channel.code import Code
from backchannel.channel.state import DAY, State
from backchannel.errors import Malformed
from backchannel.instruments.understanding import record
from backchannel.seal.box import Sealed, roster_box
from tests.channel.kit import CHANNEL, TERMS, Desk, World, identity, invite_act, join_act
from tests.channel.test_founding import BAD_TERMS, GOOD_TERMS
from tests.instruments.understanding.test_record import ALTERED, FILES, RAW, made

VECTORS = Path(__file__).parent.parent / "vectors"
Case = dict[str, Any]
Step = Callable[[World], object]


# --- rosters


def found() -> World:
    """Ana founds, Ben joins."""
    world = World()
    world.found()
    world.enter("Ben", "Chile")
    return world


def opened() -> World:
    """Three seats, the charter signed by all, the first epoch."""
    world = found()
    world.enter("Cem", "Holy See", "intermediary")
    world.open()
    return world


def stranger(world: World, name: str) -> Desk:
    desk = world.desks[name] = Desk(name, world.log, list(world["Ana"].engine.wallet.secrets.values()))
    desk.sync()
    return desk


def found_again(world: World) -> None:
    zoe = stranger(world, "Zoe")
    zoe.act(acts.Found("Beagle", "To speak.", zoe.identity.keys, "Zoe", "Peru", "envoy"))


def invites(name: str, party: str, role: str, days: int = 1) -> Step:
    return lambda world: world["Ana"].act(invite_act(name, party, role, world.log.now + days * DAY))


def two_removals(world: World) -> None:
    for seat in ("Ben", "Cem"):
        world["Ana"].act(acts.Remove(world[seat].id, "It is time."))
        world.sync()
    world.admit()


def admission(world: World) -> None:
    world.enter("Fay", "Peru")
    world.sign()
    world.rotate("Ben")


def late(world: World) -> None:
    world["Ana"].act(acts.Remove(world["Ben"].id, "It is time."))
    world.sync()
    digest = world.state.removals[0].proposal.digest
    world.log.now += 30 * DAY + 1
    world["Cem"].act(acts.Assent(digest))


def own_removal(world: World) -> None:
    world["Ana"].act(acts.Remove(world["Ben"].id, "It is time."))
    world.sync()
    world["Ben"].act(acts.Assent(world.state.removals[0].proposal.digest))
    world.sync()
    world["Ben"].act(acts.Remove(world["Ben"].id, "I go."))
    world.sync()
    world.rotate("Cem")


def replayed(world: World) -> None:
    act = world["Ben"].sealed_act(acts.Assent(bytes(32)))
    world.log.post(act)
    world.sync()
    content = world["Ana"].box.open(act)
    world.log.post(world["Ana"].box.seal(content, bytes(16)))


def expired_invitation(world: World) -> None:
    world.invite(world["Ana"], "Dan", "Peru")
    world.log.now += 7 * DAY + 1
    stranger(world, "Dan").act(join_act("Dan", identity("Dan")))


def stolen(world: World) -> None:
    world.invite(world["Ana"], "Dan", "Peru")
    good = join_act("Dan", identity("Dan"))
    stranger(world, "Zoe").act(acts.Join(good.invite, identity("Zoe").keys, good.proof))


def void_charter(world: World) -> None:
    world.charter()
    old = world.state.charter
    world.enter("Dan", "Peru")
    world["Ben"].act(acts.Assent(old.digest if old else b""))


def ahead(world: World) -> None:
    world["Ben"].act(acts.Remove(world["Ben"].id, "I go."))
    world.sync()
    world["Ana"].act(world["Ana"].rotate_act(epoch=3))


def leaver_rotates(world: World) -> None:
    world["Ben"].act(acts.Remove(world["Ben"].id, "I go."))
    world.sync()
    world["Ben"].act(world["Ben"].rotate_act())


def without_newcomer(world: World) -> None:
    world.enter("Fay", "Peru")
    world.sign()
    cem = world["Cem"]
    world["Ben"].act(acts.Remove(world["Ben"].id, "I go."))
    world.sync()
    cem.act(cem.rotate_act(sorted(s.id for s in world.state.active if s.name != "Ben")))


def few_slots(world: World) -> None:
    world["Ben"].act(acts.Remove(world["Ben"].id, "I go."))
    world.sync()
    act = world["Ana"].rotate_act()
    world["Ana"].act(replace(act, slots=act.slots[:3]))


def handed_over(world: World) -> None:
    world.succeed("Ben", "Dan")
    world["Ben"].act(acts.Remove(world["Ben"].id, "This seat was handed over."))
    world.sync()
    world.rotate("Dan")


def frozen(world: World) -> None:
    world.succeed("Ben", "Dan")
    world["Ben"].act(invite_act("Eve", "Peru", "envoy", world.log.now + DAY))
    world.freeze("Dan", "Ben")


def frozen_acts(world: World) -> None:
    frozen(world)
    ben = world["Ben"]
    ben.act(ben.prekey_act())


def handed_over_twice(world: World) -> None:
    world.hand_over("Ben", "Ben", "Dan")
    world.hand_over("Ben", "Ben", "Eve")


def decides_on_its_own(world: World) -> None:
    world.enter("Dan", "Chile", "principal")
    world.sign()
    world.rotate()
    world.hand_over("Dan", "Ben", "Eve", admit=False)
    world["Ben"].act(acts.Assent(world.state.invitations[0].proposal.digest))


ROSTERS: dict[str, tuple[str, Step]] = {
    # name: (after which case, what happens)
    "act-by-another": ("founding", lambda w: w["Ben"].act(w["Ben"].prekey_act(), by="Ana")),
    "act-of-another-epoch": ("founding", lambda w: w["Ben"].act(w["Ben"].prekey_act(), epoch=1)),
    "act-out-of-turn": ("founding", lambda w: w["Ben"].act(w["Ben"].prekey_act(), n=3)),
    "act-posted-again": ("founding", replayed),
    "act-unknown": ("founding", lambda w: w["Ben"].act(b"\x81\xa3act\xa4sing")),
    "assent-to-a-void-charter": ("founding", void_charter),
    "assent-to-nothing": ("open", lambda w: w["Ben"].act(acts.Assent(bytes(32)))),
    "assent-too-late": ("open", late),
    "charter-by-a-guest": ("founding", lambda w: w["Ben"].act(acts.Charter(TERMS, ()))),
    "charter-without-a-seat": ("founding", lambda w: w["Ana"].act(acts.Charter(TERMS, (w["Ana"].id,)))),
    "found-again": ("founding", found_again),
    "freeze": ("open", frozen),
    "freeze-and-act": ("open", frozen_acts),
    "freeze-another-party": ("open", lambda w: w["Ana"].act(acts.Freeze(w["Ben"].id, "It is lost."))),
    "handover": ("open", handed_over),
    "handover-assented-to-by-itself": ("open", decides_on_its_own),
    "handover-by-another-party": ("open", lambda w: w.hand_over("Ana", "Ben", "Dan") and None),
    "handover-twice": ("open", handed_over_twice),
    "guest-invites": ("founding", lambda w: w["Ben"].act(invite_act("Dan", "Peru", "envoy", w.log.now + DAY))),
    "invite-over-before-it-begins": ("founding", invites("Dan", "Peru", "envoy", 0)),
    "invite-oversight": ("founding", invites("Dan", "Peru", "oversight")),
    "invite-party-written-otherwise": ("founding", invites("Dan", "CHILE", "envoy")),
    "invite-same-name": ("founding", invites("\uff22en", "Chile", "envoy")),
    "invite-with-hidden-characters": ("founding", invites("Da\u200cn\u202e", "Peru", "envoy")),
    "join-stolen": ("founding", stolen),
    "join-too-late": ("founding", expired_invitation),
    "join-uninvited": ("founding", lambda w: stranger(w, "Zoe").act(join_act("Zoe", identity("Zoe")))),
    "prekey-out-of-order": ("founding", lambda w: w["Ben"].act(w["Ben"].prekey_act(seq=2))),
    "prekey-over": ("founding", lambda w: w["Ben"].act(w["Ben"].prekey_act(not_after=w.log.now))),
    "remove-last-two": ("open", two_removals),
    "remove-own": ("open", own_removal),
    "rotate-by-the-leaver": ("open", leaver_rotates),
    "rotate-not-due": ("open", lambda w: w["Ana"].act(w["Ana"].rotate_act(sorted(s.id for s in w.state.active)))),
    "rotate-two-epochs": ("open", ahead),
    "rotate-with-few-slots": ("open", few_slots),
    "rotate-without-a-newcomer": ("open", without_newcomer),
    "admission": ("open", admission),
}  # fmt: skip


def rosters() -> dict[str, Case]:
    bases = {"founding": found(), "open": opened()}
    cases = {name: roster(world, "", 0) for name, world in bases.items()}
    for name, (after, step) in ROSTERS.items():
        world = bases[after].copy()
        start = len(world.log.records)
        step(world)
        world.sync()
        cases[name] = roster(world, after, start)
    return cases


def roster(world: World, after: str, start: int) -> Case:
    """The acts of a world's log from `start` on, as Cem, or Ana, judged them."""
    reader = world.knowing[0]
    listed = []
    for event in reader.events[start:]:
        sealed = Sealed(event.record.body or b"", event.record.erase)
        listed.append(
            {
                "position": event.record.at.position,
                "arrival": event.record.at.arrival,
                "act": b64encode(_open(reader, sealed)).decode(),
                "class": event.error.code if event.error else "ok",
            }
        )
    case = {"class": listed[-1]["class"], "op": "roster", "channel": CHANNEL.hex()}
    return case | ({"after": after} if after else {}) | {"acts": listed, "roster": summary(reader.state)}


def _open(reader: Desk, sealed: Sealed) -> bytes:
    boxes = [roster_box(secret, CHANNEL) for secret in reader.engine.wallet.secrets.values()]
    return next(box.open(sealed) for box in boxes if box.recognises(sealed.body))


def summary(state: State) -> Case:
    """What two readers of a log must agree on."""
    return {
        "stage": state.stage,
        "epoch": state.epoch,
        "charter": state.charter.digest.hex() if state.charter else None,
        "seats": [
            [s.id.hex(), s.name, s.party, s.role, s.standing, s.signed, s.acts, s.succeeds.hex() if s.succeeds else ""]
            for s in state.seats
        ],
        "frozen": [seat.hex() for seat in state.frozen],
        "invitations": [[i.name, i.proposal.stage, i.replaces.hex() if i.replaces else ""] for i in state.invitations],
        "removals": [[r.seat.hex(), r.proposal.stage] for r in state.removals],
    }


# --- the rest

CODE = Code("https://relay.example", b"\x01" * 32, b"\x02" * 32, b"\x03" * 32, 4, b"\x05" * 32, b"\x06" * 32)
TEXT = code.write(CODE)
CODES = {
    "code": TEXT,
    "code-in-capitals-and-lines": TEXT.upper().replace("-", "-\n "),
    "code-cut": TEXT[:-2],
    "code-mistyped": TEXT[:40] + ("a" if TEXT[40] != "a" else "b") + TEXT[41:],
    "code-other-kind": "bc2" + TEXT[3:],
    "code-too-long": TEXT + " " * 5_000,
}


def codes() -> dict[str, Case]:
    value = {name: part.hex() if isinstance(part, bytes) else part for name, part in _fields(CODE).items()}
    return {
        name: {"class": _class(code.read, text), "op": "code", "text": text, "value": value}
        for name, text in CODES.items()
    }


def terms() -> dict[str, Case]:
    made_of = [*((change, "ok") for change in GOOD_TERMS[1:3]), *((c, k) for c, k in BAD_TERMS if k != "text")]
    return {
        f"terms-{'-'.join(change)}-{k}": {"class": kind, "op": "terms", "terms": _fields(replace(TERMS, **change))}
        for k, (change, kind) in enumerate(made_of)
        if len(str(change)) < 1_000
    }


def records() -> dict[str, Case]:
    texts = {"record": ("ok", RAW)}
    for name, (change, kind) in ALTERED.items():
        texts[f"record-{_slug(name)}"] = (kind, record.write(change(made())))
    for name in ("cut", "key twice", "unknown key", "other version", "other indent"):
        texts[f"file-{_slug(name)}"] = ("record", FILES[name](RAW))
    return {name: {"class": kind, "op": "record", "text": raw.decode()} for name, (kind, raw) in texts.items()}


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def _slug(name: str) -> str:
    return name.replace(",", "").replace(" ", "-")


def _class(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except Malformed as problem:
        return problem.code
    return "ok"


def main() -> None:
    sets = {"channel": {**rosters(), **codes(), **terms()}, "instruments": records()}
    anew = "--anew" in sys.argv
    for folder, cases in sets.items():
        (VECTORS / folder).mkdir(parents=True, exist_ok=True)
        whole = all((VECTORS / folder / f"{name}.json").exists() for name in cases)
        for name, case in (cases if anew or not whole else {}).items():  # cases of one set hang together
            raw = json.dumps(case, indent=1, ensure_ascii=True) + "\n"
            (VECTORS / folder / f"{name}.json").write_text(raw, encoding="utf-8")


if __name__ == "__main__":
    main()
