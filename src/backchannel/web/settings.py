"""Settings: language, lock, passphrase, a backup to be saved, how relays are reached, what to know after a restore."""

from __future__ import annotations

from typing import NamedTuple

from starlette.responses import Response

import backchannel
from backchannel.errors import Misuse
from backchannel.web.jobs import Held, Progress, held
from backchannel.web.page import Ask, Facts, Form, Page

LEAST_IDLE, MOST_IDLE = 1, 24 * 60
PASSPHRASE = 12
_BACKUP = "backup"


class Backup(NamedTuple):
    """A backup that was made."""

    file: Held

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()


def look(ask: Ask) -> Facts:
    """Everything that is set."""
    job = ask.keeper.jobs.get(_BACKUP)
    return {
        "idle": ask.keeper.idle_minutes,
        "relays": [
            {
                "c": one.session.book.c,
                "title": one.state.title,
                "relay": one.session.book.cover().relay,
                "trouble": one.id in ask.keeper.trouble,
            }
            for one in ask.desk.channels()
        ],
        "proxy": ask.desk.proxy,
        "restored": ask.desk.restored,
        "version": backchannel.__version__,
        "folder": str(ask.keeper.folder),
        "backup": None
        if job is None
        else {
            "state": job.state,
            "done": job.done,
            "total": job.total,
            "problem": job.problem,
            "bytes": job.result.file.size if job.result is not None else 0,
        },
    }


def idle(ask: Ask, form: Form) -> str:
    """After how many minutes the desk locks itself."""
    minutes = form.number("minutes")
    if not LEAST_IDLE <= minutes <= MOST_IDLE:
        raise Misuse("idle", f"The desk locks itself after 1 to {MOST_IDLE} minutes.", "Choose a number between.")
    ask.keeper.set_idle_minutes(minutes)
    return "/settings"


def passphrase(ask: Ask, form: Form) -> str:
    """Another passphrase. What is typed for that is carried nowhere: its fields have names of their own."""
    _twice(form)
    ask.desk.change_passphrase(form["_old"], form["_new"])
    return "/settings?changed=1"


def backup(ask: Ask, form: Form) -> str:
    """Begin a backup, under a passphrase of its own."""
    _twice(form)
    phrase, desk, folder = form["_new"], ask.desk, ask.keeper.folder

    def work(progress: Progress) -> Backup:
        return Backup(held(folder, lambda path: desk.backup(path, phrase, progress=progress)))

    ask.keeper.jobs.start(_BACKUP, work)
    return "/settings#backup"


def _twice(form: Form) -> None:
    if form["_new"] != form["_repeat"]:
        raise Misuse(
            "passphrase", "The two are not the same.", "Type the new passphrase twice.", "Nothing was changed."
        )
    if len(form["_new"]) < PASSPHRASE:
        raise Misuse(
            "passphrase",
            f"A passphrase has {PASSPHRASE} characters at least.",
            "Take several words.",
            "Nothing was done.",
        )


def saved(ask: Ask, form: Form) -> str:
    """The backup was saved: let go of it."""
    ask.keeper.jobs.forget(_BACKUP)
    return "/settings#backup"


def _file(ask: Ask) -> Response:
    job = ask.keeper.jobs.get(_BACKUP)
    if job is None or not isinstance(job.result, Backup):
        raise Misuse("no-backup", "There is no backup here that was just made.", "Make one.")
    return job.result.file.answer("desk.backup")


def _look(ask: Ask) -> Facts:
    return {**look(ask), "changed": ask.query("changed") == "1"}


SETTINGS = (
    Page(
        "/settings", "settings.html", _look, {"idle": idle, "passphrase": passphrase, "backup": backup, "saved": saved}
    ),
    Page("/settings/backup", "settings.html", _file),
)
