"""Options that every command takes, before or after its name, and the way from an error to an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from backchannel.cli import show
from backchannel.errors import BackchannelError, Misuse

DESK, PASSPHRASE, PROXY = "BACKCHANNEL_DESK", "BACKCHANNEL_PASSPHRASE", "BACKCHANNEL_PROXY"
DEBUG = "BACKCHANNEL_DEBUG"
FAILED, USAGE = 1, 2
PANEL = "Everywhere"


@dataclass
class Settings:
    """What the shared options said. The one nearest to the end of the line wins; the environment comes last."""

    desk: str | None = None
    proxy: str | None = None
    ca_file: str | None = None
    channel: str | None = None
    json: bool = False

    @property
    def folder(self) -> Path:
        """The desk's folder."""
        return Path(self.desk or os.environ.get(DESK) or "~/.backchannel").expanduser()

    def connection(self) -> dict[str, Any]:
        """How the desk reaches relays."""
        proxy = self.proxy or os.environ.get(PROXY) or None
        ca_file = Path(self.ca_file).expanduser() if self.ca_file else None
        if ca_file is not None and not ca_file.is_file():  # the desk would look at it with the first https relay only
            raise Misuse("ca", f"There is no file {ca_file}.", "Check the name after --ca-file.", "Nothing was done.")
        return {"proxy": proxy, "ca_file": ca_file}


def settings(ctx: typer.Context) -> Settings:
    """The settings of this run."""
    found = ctx.find_root().obj
    assert isinstance(found, Settings)  # noqa: S101 - `Root.main` made it
    return found


def _keep(ctx: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    if value not in (None, False) and not ctx.resilient_parsing:
        setattr(settings(ctx), str(param.name), value)
    return value


def _shared(
    desk: Annotated[
        str | None,
        typer.Option(
            "--desk",
            metavar="DIR",
            callback=_keep,
            expose_value=False,
            rich_help_panel=PANEL,
            help="The desk's folder. Otherwise BACKCHANNEL_DESK, otherwise ~/.backchannel.",
        ),
    ] = None,
    channel: Annotated[
        str | None,
        typer.Option(
            "--channel",
            metavar="WHICH",
            callback=_keep,
            expose_value=False,
            rich_help_panel=PANEL,
            help="Which channel: its title, or the beginning of it. Needed where the desk has several.",
        ),
    ] = None,
    proxy: Annotated[
        str | None,
        typer.Option(
            "--proxy",
            metavar="URL",
            callback=_keep,
            expose_value=False,
            rich_help_panel=PANEL,
            help="Go through this proxy, as socks5h://127.0.0.1:9050 for Tor. Otherwise BACKCHANNEL_PROXY.",
        ),
    ] = None,
    ca_file: Annotated[
        str | None,
        typer.Option(
            "--ca-file",
            metavar="FILE",
            callback=_keep,
            expose_value=False,
            rich_help_panel=PANEL,
            help="Certificate authorities to trust besides the system's, for a relay with its own.",
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option(
            "--json",
            callback=_keep,
            expose_value=False,
            rich_help_panel=PANEL,
            help="Answer with one JSON object; ask for nothing but the passphrase.",
        ),
    ] = False,
) -> None:
    """Only the options are of interest: Typer makes parameters of them."""


def _parameters() -> list[Any]:
    holder = typer.Typer(add_completion=False)
    holder.callback()(_shared)
    holder.command("none")(lambda: None)
    return list(typer.main.get_command(holder).params)


_PARAMETERS = _parameters()
_JSON = [parameter for parameter in _PARAMETERS if parameter.name == "json"]


class DeskCommand(TyperCommand):
    """A command at a desk: takes all shared options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_PARAMETERS]


class PlainCommand(TyperCommand):
    """A command without a desk: of the shared options it takes `--json`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_JSON]


class Group(TyperGroup):
    """Commands of one noun; the shared options may stand before the verb too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *_PARAMETERS]


class Root(Group):
    """The whole command: runs one line, and turns whatever happens into words and an exit code."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **_: Any) -> NoReturn:  # type: ignore[override]
        """Run. Always leaves by SystemExit."""
        line = list(sys.argv[1:] if args is None else args)
        # Known before the line is parsed, so that a mistake in the line is told in the form that was asked for.
        given = Settings(json="--json" in line[: line.index("--")] if "--" in line else "--json" in line)
        show.forgiving_streams()
        self._main_shell_completion({}, prog_name or "backchannel")
        try:
            sys.exit(self._run(line, prog_name or "backchannel", given))
        except BrokenPipeError:
            # Whoever read our output has gone, so there is nobody to tell; and Python must not try again at its end.
            show.drop_output()
            sys.exit(FAILED)

    def _run(self, line: list[str], name: str, given: Settings) -> int:
        try:
            try:
                check_unicode(line)
                with self.make_context(name, line, obj=given) as ctx:
                    self.invoke(ctx)
            except typer.Exit as done:
                sys.stdout.flush()
                return done.exit_code
            sys.stdout.flush()
            return 0
        except BrokenPipeError:
            raise
        except typer.TyperException as mistake:
            return _usage(mistake, given)
        except BackchannelError as error:
            show.failure(error.as_dict(), as_json=given.json)
        except (KeyboardInterrupt, typer.Abort):
            show.failure(STOPPED.as_dict(), as_json=given.json)
        except OSError as error:
            told = Misuse(
                "system", f"This computer did not do it: {error.strerror or error}.", "Check names and disk.", KEPT
            )
            show.failure(told.as_dict(), as_json=given.json)
        except Exception as error:
            _bug(error, given)
        return FAILED


KEPT = "What was already written is kept on this desk."
STOPPED = Misuse(
    "stopped",
    "Stopped. What was being typed, or was given to this command, is kept only if the desk's status shows it.",
    "See: backchannel desk status. Then do it again.",
    "What was written by earlier commands is kept.",
)


def _usage(mistake: typer.TyperException, given: Settings) -> int:
    # Asking for nothing is answered with the help, which Typer has then put into the message.
    if mistake.exit_code == USAGE and type(mistake).__name__ == "NoArgsIsHelpError" and not given.json:
        ctx = getattr(mistake, "ctx", None)
        sys.stderr.write(f"{ctx.get_help() if ctx is not None else mistake.format_message()}\n")
        return USAGE
    ctx = getattr(mistake, "ctx", None)
    path = ctx.command_path if ctx is not None else "backchannel"
    what = mistake.format_message().strip().removeprefix("Invalid value: ") or "A command is missing."
    error = Misuse("usage", what, f"See: {path} --help", "Nothing was done.")
    show.failure(error.as_dict(), as_json=given.json)
    return USAGE


def _bug(error: Exception, given: Settings) -> None:
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error, file=sys.stderr)
    told = BackchannelError(
        "bug",
        f"This program made a mistake of its own ({type(error).__name__}).",
        "Try again; if it stays, tell those who make it. BACKCHANNEL_DEBUG=1 shows where it happened.",
        KEPT,
    )
    show.failure(told.as_dict(), as_json=given.json)


def check_unicode(line: Sequence[str]) -> None:
    """Refuse a command line that is not UTF-8: it could be neither kept nor shown as it was meant."""
    if any("\udc80" <= char <= "\udcff" for word in line for char in word):
        raise Misuse(
            "not-text",
            "Something on the command line is not text in UTF-8.",
            "Set the terminal to UTF-8; give a file another name.",
            "Nothing was done.",
        )
