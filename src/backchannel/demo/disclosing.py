"""Disclosure on the stage: proposed, consented to, published with the very command that a person would give."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backchannel.demo.desks import Desks
from backchannel.demo.scenario import Act
from backchannel.desk import disclosures
from backchannel.errors import Misuse
from backchannel.instruments.disclosure.rules import Disclosure

FOLDER = "disclosed"
BUNDLE, PAGE = "bundle.json", "index.html"


class Disclosing:
    """The disclosures of a talk, by the labels of the scenario."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks
        self._began: dict[str, int] = {}

    def item(self, label: str, key: str) -> Disclosure:
        """A disclosure as the desk of seat `key` has it."""
        return self._desks.channels[key].disclosure_at(self._began[label])

    def disclose(self, act: Act) -> dict[str, Any]:
        """Propose which clauses to show."""
        desks, channel = self._desks, self._desks.channels[act.who]
        of = desks.labelled(desks.act(act.item), act.who)
        disclosures.propose(channel, of, act.clauses, act.text, lines=act.lines)
        desks.together()
        self._began[act.label] = int(channel.items("disclosure")[-1].position)
        return {"of": len(of.terms.clauses), "to": self.item(act.label, act.who).terms.to}

    def consent(self, act: Act) -> dict[str, Any]:
        """Agree to it."""
        disclosures.consent(self._desks.channels[act.who], self.item(act.item, act.who))
        self._desks.together()
        item = self.item(act.item, act.who)
        return {"agreed": item.state == "agreed"}

    def publish(self, act: Act) -> dict[str, Any]:
        """Have `backchannel disclosure publish` write page and proof, at that desk."""
        desks, number, folder = self._desks, self._began[act.item], self._desks.folder / FOLDER
        of = disclosures.of(desks.channels[act.who], self.item(act.item, act.who))
        with desks.away(act.who) as desk:
            command(["disclosure", "publish", str(number), str(folder), "--yes"], desk, desks.passphrase(act.who))
        desks.together()
        shown = self.item(act.item, act.who).terms.clauses
        clauses = [(k, words if k in shown else None) for k, words in enumerate(of.terms.clauses, 1)]
        return {"page": f"{FOLDER}/{PAGE}", "bundle": f"{FOLDER}/{BUNDLE}", "clauses": clauses}


def command(said: list[str], desk: Path | None = None, passphrase: str = "") -> str:
    """What `backchannel ...` says, in a process of its own; `Misuse` if it is not content."""
    at = {"BACKCHANNEL_DESK": str(desk), "BACKCHANNEL_PASSPHRASE": passphrase} if desk is not None else {}
    run = [sys.executable, "-m", "backchannel", *said]
    done = subprocess.run(run, env={**os.environ, **at}, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise Misuse("command", f"`backchannel {said[0]}` says: {' '.join((done.stdout + done.stderr).split())}")
    return done.stdout


SHOWN: dict[str, Callable[[Disclosing, Act], dict[str, Any]]] = {
    "disclose": Disclosing.disclose,
    "consent": Disclosing.consent,
    "publish": Disclosing.publish,
}
"""What can be done to a disclosure, by the acts of the scenario."""
