"""`backchannel relay`: for hosts. Serve a relay, check its store."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from backchannel.cli import ask, show
from backchannel.cli.channel import FOUNDING_CODE
from backchannel.cli.options import FAILED, Group, PlainCommand, settings
from backchannel.cli.progress import progress
from backchannel.cli.show import BAD, DIM, GOOD, Facts, Page
from backchannel.errors import Misuse

app = typer.Typer(cls=Group, no_args_is_help=True, help="For hosts: run a relay, check its store.")

_UNSTARTED = "Nothing was started."

STORE = Annotated[str, typer.Option("--store", metavar="sqlite:PATH", help="Where the relay keeps everything.")]


@app.command("serve", cls=PlainCommand)
def serve(
    ctx: typer.Context,
    store: STORE,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8443,
    uds: Annotated[str | None, typer.Option("--uds", metavar="PATH", help="Listen on a Unix socket instead.")] = None,
    tls_cert: Annotated[str | None, typer.Option("--tls-cert", metavar="PEM", help="Certificate and chain.")] = None,
    tls_key: Annotated[str | None, typer.Option("--tls-key", metavar="PEM", help="Its private part.")] = None,
    founding_code_file: Annotated[
        str | None,
        typer.Option(
            "--founding-code-file",
            metavar="FILE",
            help="Only whoever has this code (64 digits 0-9, a-f) may found channels. Or BACKCHANNEL_FOUNDING_CODE.",
        ),
    ] = None,
    limit: Annotated[
        list[str] | None, typer.Option("--limit", metavar="NAME=NUMBER", help="Change a limit; may be repeated.")
    ] = None,
) -> None:
    """Serve a relay until SIGTERM or Ctrl-C."""
    given = settings(ctx)
    code = _code(founding_code_file)
    for path in (tls_cert, tls_key):
        if path is not None:
            ask.read_file(Path(path))
    if (tls_cert is None) != (tls_key is None):
        raise typer.BadParameter("--tls-cert and --tls-key go together.")
    from backchannel.relay.limits import Limits
    from backchannel.relay.serve import serve as run

    limits = Limits(**_limits(limit or (), Limits))

    def ready(url: str, name: str) -> None:
        facts: Facts = {"event": "ready", "url": url, "verifier": name, "founding": "code" if code else "open"}
        show.tell(facts, _ready, as_json=given.json)
        sys.stdout.flush()

    try:
        run(
            store,
            host,
            port,
            limits=limits,
            founding_code=code,
            certfile=tls_cert,
            keyfile=tls_key,
            uds=uds,
            ready=ready,
        )
    except OSError as error:
        raise _not_served(error) from error
    except SystemExit as end:
        # uvicorn leaves like this when it cannot listen
        if end.code:
            raise Misuse(
                "listen", f"The relay cannot listen on {uds or f'{host}, port {port}'}.", "Is another one running?"
            ) from end


def _not_served(error: OSError) -> Misuse:
    return Misuse("serve", f"The relay could not start: {error.strerror or error}.", "Check the paths.")


def _code(file: str | None) -> bytes | None:
    text = os.environ.get(FOUNDING_CODE, "")
    if file is not None:
        text = ask.read_file(Path(file), 1_000).decode("ascii", "replace")
    text = text.strip().lower()
    if not text and file is None:
        return None
    if len(text) != 64 or not all(char in "0123456789abcdef" for char in text):
        raise Misuse("founding-code", "A founding code has 64 digits 0-9 and a-f.", "Make one: openssl rand -hex 32")
    return bytes.fromhex(text)


def _limits(given: list[str] | tuple[str, ...], kind: Any) -> dict[str, Any]:
    defaults = dict(zip(kind.__struct_fields__, kind.__struct_defaults__, strict=True))
    found: dict[str, Any] = {}
    for one in given:
        name, _, value = one.partition("=")
        name = name.replace("-", "_")
        if name not in defaults:
            raise Misuse(
                "limit", f"There is no limit {name!r}.", f"Limits: {', '.join(defaults)}.", "Nothing was started."
            )
        try:
            found[name] = type(defaults[name])(value)
        except ValueError as error:
            raise Misuse(
                "limit", f"The limit {name} is a number, not {value!r}.", "", "Nothing was started."
            ) from error
        if not 0 < found[name] < float("inf"):
            raise Misuse("limit", f"The limit {name} is above 0.", "", _UNSTARTED)
    return found


def _ready(page: Page, facts: Facts) -> None:
    page.say(f"relay ready on {facts['url']}", GOOD)
    page.say(f"verifier {facts['verifier']}", DIM)
    page.say(
        "Founding is open to everybody who can reach it." if facts["founding"] == "open" else "Founding needs the code."
    )


@app.command("verify", cls=PlainCommand)
def verify(ctx: typer.Context, store: STORE) -> None:
    """Recompute every entry and every tree from the store, and compare. The relay may be running."""
    from backchannel.relay.verify import verify_store

    quiet = settings(ctx).json
    with progress("Checking the store", quiet=quiet) as told:
        found = verify_store(store, lambda entries: told(entries, 0))
    facts: Facts = {"ok": found.ok, "logs": found.logs, "entries": found.entries, "problems": list(found.problems)}
    show.tell(facts, _checked, as_json=quiet)
    if not found.ok:
        raise typer.Exit(FAILED)


def _checked(page: Page, facts: Facts) -> None:
    for problem in facts["problems"]:
        page.say(problem, BAD)
    page.say(f"{facts['logs']:,} logs, {facts['entries']:,} entries: {'ok' if facts['ok'] else 'NOT ok'}")
