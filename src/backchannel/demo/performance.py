"""The performance: relay up, desks made, scenes played and told, everything proved, relay down."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import TextIO

from backchannel.demo import agreed, altered, kept, proofs, relay, shown, sounded, succeeded, vanished
from backchannel.demo.checks import Check, run
from backchannel.demo.clock import DAY, Clock
from backchannel.demo.disclosing import FOLDER
from backchannel.demo.ladders import FOLDER as LADDER
from backchannel.demo.ladders import PICTURES
from backchannel.demo.scenario import Act, Scenario, load
from backchannel.demo.stage import Stage
from backchannel.demo.tell import Teller
from backchannel.desk import understandings
from backchannel.errors import Misuse

STORE = "relay.db"
DAYS_BEHIND = 15
"""Longer than anything lives that comes from the hat."""


def play(folder: Path | None, *, fast: bool, as_json: bool, out: TextIO) -> int:
    """Play the demonstration into `folder` (new, or empty; None: a temporary one) and tell it on `out`.

    `fast` leaves out the pauses, `as_json` everything but one JSON object at the end. 0, or 1 if a proof fails.
    """
    scenario, folder = load(), empty(folder)
    silent = fast or as_json
    teller = Teller(StringIO() if as_json else out, scenario, (lambda _: None) if silent else time.sleep)
    performance = Performance(folder, scenario, teller)
    checks = performance.run()
    good = all(check.ok is not False for check in checks)
    if as_json:
        facts = {
            "ok": good,
            "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in checks],
            "desks": {
                seat.key: {"folder": str(folder / seat.key), "passphrase": seat.passphrase, "seat": seat.name}
                for seat in scenario.seat
            },
            "relay": {"store": f"sqlite:{folder / STORE}", "port": performance.port},
            "signed": str(performance.record),
            "disclosed": {"page": str(performance.shown.page), "bundle": str(performance.shown.bundle)},
            "ladder": [str(folder / LADDER / name) for name in PICTURES],
        }
        out.write(json.dumps(facts) + "\n")
    else:
        teller.verdict(checks)
        teller.afterwards(performance.steps())
    out.flush()
    return 0 if good else 1


class Performance:
    """One run in one folder."""

    def __init__(self, folder: Path, scenario: Scenario, teller: Teller) -> None:
        self.folder, self.scenario, self.teller = folder, scenario, teller
        self.store = folder / STORE
        self.port = 0
        signed = next(act for _, act in scenario.acts if act.do == "take-up")
        self._signed: Act = signed
        self.record = folder / f"{'-'.join(signed.title.lower().split())}.json"
        disclosed: Act = next(act for _, act in scenario.acts if act.do == "disclose")
        self._agreed = next(act for _, act in scenario.acts if act.label == disclosed.item)
        self.shown = shown.Shown(folder / FOLDER, (), disclosed.clauses)
        # The newest: an older one lacks the receiving keys to which the keys of a new roster were sealed.
        self._backup: Act = [act for _, act in scenario.acts if act.do == "backup"][-1]

    def run(self) -> list[Check]:
        """Play and prove everything."""
        self.teller.opening()
        checks: list[Check] = []
        clock = Clock(DAYS_BEHIND * DAY)
        with relay.running(self.store, clock=clock) as host:
            self.port = host.port
            stage = Stage(self.folder, self.scenario, host.url, clock)
            try:
                stage.make_desks()
                self.teller.ready(host.port)
                self._scenes(stage)
                self.teller.proofs()
                for check in self._while_open(stage):
                    self.teller.check(check)
                    checks.append(check)
                entry = self._settle(stage)
            finally:
                stage.close()
        for check in self._when_shut(*entry):
            self.teller.check(check)
            checks.append(check)
        return checks

    def _scenes(self, stage: Stage) -> None:
        for scene in self.scenario.scene:
            self.teller.scene(scene)
            for act in scene.act:
                self.teller.act(act, stage.play(act))
            self.teller.scene_ends(scene)
        stage.clock.put_right()

    def _while_open(self, stage: Stage) -> Iterator[Check]:
        channel = stage.channels[self._signed.who]
        ids = [logged.leaf.id for logged in channel.session.book.entries.log()]
        vaults = [file for seat in self.scenario.seat for file in _files(self.folder / seat.key)]
        theirs = relay.files(self.store)
        backups = [
            (stage.backup_file(act.who), self.scenario.who(act.who).passphrase)
            for _, act in self.scenario.acts
            if act.do == "backup" and act is not self._backup  # those that were made before something lapsed
        ]
        yield run("same-record", "All desks hold the same record", lambda: proofs.same_record(stage.seated))
        yield run("arrived", "Nothing was lost, whoever was away", lambda: proofs.arrived(stage))
        yield run(
            "one-side-only", "What one side said alone, the other cannot open", lambda: proofs.one_side_only(stage)
        )
        yield run("sounding", "The soundings opened what both accept, and nothing else", lambda: sounded.opened(stage))
        yield run(
            "sounding-unknown",
            "Where nothing was acceptable to both, nothing is known",
            lambda: sounded.nothing_known(stage),
        )
        yield run("sounding-gone", "No desk has kept what would tell the answers", lambda: sounded.forgotten(stage))
        yield run("taken-up", "What was taken up does not say who floated it", lambda: vanished.taken_up(stage))
        yield run("hat", "What came from the hat is nobody's", lambda: vanished.nobodys(stage))
        yield run(
            "vanished",
            "What lapsed is nowhere any more",
            lambda: vanished.gone(stage, [*vaults, *theirs], backups, self.store),
        )
        yield run("text", "All desks have the same text, and no bracket", lambda: agreed.adopted(stage))
        yield run("signed-text", "What was signed is that text", lambda: agreed.signed(stage))
        yield run("steps", "All desks have the same steps, and each where it stands", lambda: kept.same_steps(stage))
        yield run("evidence", "The file behind a report is what was reported", lambda: kept.evidence_whole(stage))
        yield run("dossier", "Who took a seat over has what it had", lambda: succeeded.same_dossier(stage))
        yield run("passed-on", "And what was passed on is marked so", lambda: succeeded.marked(stage))
        yield run(
            "shut-out",
            "The desk that left opens nothing that came after",
            lambda: succeeded.shut_out(stage, self.store),
        )
        yield run("audit", "Each desk has checked the whole record again", lambda: proofs.audited(stage.seated))
        yield run(
            "relay-blind", "The relay's files give nothing away", lambda: proofs.relay_blind(theirs, self.scenario, ids)
        )
        yield run(
            "vaults-closed",
            "A vault without its passphrase gives nothing away",
            lambda: proofs.vaults_closed(vaults, self.scenario),
        )
        yield run(
            "search-works",
            "That search would have found it",
            lambda: proofs.search_works(self.folder / "planted.db", self.store, self.scenario),
        )

    def _settle(self, stage: Stage) -> tuple[int, int]:
        """Take the record out; (an entry that the backup has not, the size of the log)."""
        item = stage.labelled(self._signed, self._signed.who)
        channel = stage.channels[self._signed.who]
        if item.state == "complete":
            self.record.write_bytes(understandings.record(channel, item))
        agreed_ = stage.labelled(self._agreed, self._agreed.who)
        self.shown = self.shown._replace(clauses=agreed_.terms.clauses)
        return agreed_.at.position, channel.size

    def _when_shut(self, position: int, size: int) -> Iterator[Check]:
        copy, again = self.folder / "altered" / STORE, self.folder / "altered" / "desk"
        who = self._backup.who
        backup, passphrase = self.folder / f"{who}.backup", self.scenario.who(who).passphrase

        def host() -> str:
            altered.alter(self.store, copy, position)
            return altered.host_sees(self.store, copy)

        def desk() -> str:
            return altered.desk_refuses(backup, again, passphrase, self.store, copy, self.port, size)

        yield run("altered-host", "A relay's altered store is caught by its host's own check", host)
        yield run("altered-desk", "And by a desk that reads from it", desk)
        yield run("record", "The signed text proves itself", lambda: altered.proves_itself(self.record))
        yield run("changed-word", "And not with a word changed", lambda: altered.changed_word_refused(self.record))
        yield run("shown", "The clauses that were shown prove themselves", lambda: shown.proves_itself(self.shown))
        yield run(
            "shown-letter",
            "And not with a letter changed",
            lambda: shown.another_letter_refused(self.shown, self.record),
        )
        yield run("shown-others", "Software that others wrote says the same", lambda: shown.others_agree(self.shown))

    def steps(self) -> list[tuple[str, list[str]]]:
        """What to try next, with commands that work as they stand."""
        me, founder = self.scenario.begin[-1], self.scenario.begin[0]
        other = self.scenario.who(self.scenario.heirs.get(founder.key, founder.key))
        bc, folder = _command(), shlex.quote(str(self.folder / me.key))
        store, record = shlex.quote(f"sqlite:{self.store}"), shlex.quote(str(self.record))
        page, bundle = (shlex.quote(str(path)) for path in (self.shown.page, self.shown.bundle))
        return [
            (
                "The relay was stopped. Start it again, and leave it running:",
                [f"{bc} relay serve --store {store} --port {self.port}"],
            ),
            (
                f"In another terminal, sit down at {me.short}'s desk (the passphrases are no secret here):",
                [
                    f"export BACKCHANNEL_DESK={folder} BACKCHANNEL_PASSPHRASE={shlex.quote(me.passphrase)}",
                    f"{bc} channel show",
                    f"{bc} sounding list",
                    f"{bc} nonpaper list",
                    f"{bc} text show",
                    f"{bc} step show",
                    f"{bc} step record",
                    f"{bc} note list",
                    f'{bc} note send "Good morning from Santiago." --to {shlex.quote(other.name)}',
                    f"{bc} channel verify",
                ],
            ),
            (
                "The signed text, and the relay's store, can be checked by anybody who has the file:",
                [f"{bc} understanding verify {record}", f"{bc} relay verify --store {store}"],
            ),
            (
                "What was shown before the vote: a page to open in a browser, and its proof, checked without any desk:",
                [page, f"{bc} verify {bundle}"],
            ),
            (
                "The steps, drawn; their hours, for a calendar:",
                [shlex.quote(str(self.folder / LADDER / name)) for name in PICTURES],
            ),
            ("Delete it all when you have seen enough:", [f"rm -r {shlex.quote(str(self.folder))}"]),
        ]


def empty(folder: Path | None) -> Path:
    """The folder, new or empty; a temporary one if none is named. `Misuse("exists")`."""
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="backchannel-demo-"))
    folder = folder.expanduser().absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Misuse("exists", f"{folder} is there already and not empty.", "Name a new folder, or delete this one.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _command() -> str:
    if shutil.which("backchannel"):
        return "backchannel"
    beside = Path(sys.executable).with_name("backchannel")
    return shlex.quote(os.path.relpath(beside) if beside.is_relative_to(Path.cwd()) else str(beside))
