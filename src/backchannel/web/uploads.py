"""Files from a browser go into the vault as they come, and lie nowhere else meanwhile (spec/web.md, 6)."""

from __future__ import annotations

from collections.abc import Callable

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from backchannel.desk import files, steps
from backchannel.desk.channel import Channel
from backchannel.desk.desk import Desk
from backchannel.errors import BackchannelError, Misuse
from backchannel.web.guard import MOST_FORM, UPLOADS
from backchannel.web.keeper import Keeper
from backchannel.web.page import Form, genuine
from backchannel.web.sessions import Session

MOST_FILES = 64
AT_ONCE = 1 << 19
"""Bytes that are gathered before they go to the vault."""

_ESCAPED = (("%22", '"'), ("%0D", ""), ("%0A", ""))
"""What browsers write for these in the name of a file."""


class Upload:
    """A form with files, as it comes in. What is wrong with it is told when all of it was read: browsers send first."""

    def __init__(self, session: Session, keeper: Keeper, c: int, ladder: int) -> None:
        """For a ladder of channel `c` of this desk."""
        self._session, self._keeper, self._c, self._ladder = session, keeper, c, ladder
        self._fields: list[tuple[str, str | UploadFile]] = []
        self._room = MOST_FORM
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._name, self._text, self._plain = "", bytearray(), True
        self._file: files.Incoming | None = None
        self._kept: list[int] = []
        self._trouble: BackchannelError | None = None

    def form(self) -> Form:
        """All of it; of the files their numbers, as `kept`."""
        if self._trouble is not None:
            self.forget()
        kept = [("kept", str(k)) for k in self._kept]
        return Form(FormData([*self._fields, *kept]), self._trouble)

    def forget(self) -> None:
        """Let go of the files."""
        kept, self._kept = self._kept, []
        if kept:
            self._do(lambda desk: files.discard(self._channel(desk).session, kept))

    def parser(self, boundary: bytes) -> MultipartParser:
        """To be told what comes."""
        return MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._headed,
                "on_headers_finished": self._open,
                "on_part_data": self._data,
                "on_part_end": self._end,
            },
        )

    # --- parts

    def _begin(self) -> None:
        self._name, self._file, self._plain = "", None, True
        self._disposition = b""
        self._text.clear()

    def _headed(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode(errors="replace")
        raw = options.get(b"filename")
        self._plain = raw is None
        if not raw or self._trouble is not None or self._done():
            return
        name = raw.decode(errors="replace").replace("\\", "/").rsplit("/", 1)[-1]
        for escaped, plain in _ESCAPED:
            name = name.replace(escaped, plain)
        self._do(lambda desk: self._take(desk, name))

    def _take(self, desk: Desk, name: str) -> None:
        if not genuine(self._session, Form(FormData(self._fields))):
            raise Misuse("stale", "This form is older than this session.", "Look at it again, and send it once more.")
        if len(self._kept) >= MOST_FILES:
            raise Misuse("file", f"More than {MOST_FILES} files do not go at once.", "Report the others after these.")
        channel = self._channel(desk)
        steps.ladder_at(channel, self._ladder)
        self._file = files.Incoming(channel.session, self._ladder, name)
        self._kept.append(self._file.k)

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._plain:
            self._room -= end - start
            if self._room < 0:
                self._trouble = self._trouble or Misuse("too-long", "This is too long.", "Shorten it.")
                return
            self._text += data[start:end]
        elif self._file is not None and self._trouble is None:
            file = self._file
            self._keeper.touch()
            self._do(lambda _: file.write(data[start:end]))

    def _end(self) -> None:
        if self._plain:
            self._fields.append((self._name, self._text.decode(errors="replace")))
        elif self._file is not None and self._trouble is None:
            file = self._file
            self._do(lambda _: file.end())

    # --- the desk

    def _channel(self, desk: Desk) -> Channel:
        found = next((one for one in desk.channels() if one.session.book.c == self._c), None)
        if found is None:
            raise Misuse("which-channel", "This desk is in no such channel.", "Choose one from the list.")
        return found

    def _do(self, deed: Callable[[Desk], object]) -> None:
        """Do it while the desk is open; remember what is in the way. Locking waits for one piece, not for all."""
        try:
            with self._keeper.desk() as desk:
                deed(desk)
        except BackchannelError as problem:
            self._trouble = self._trouble or problem

    def _done(self) -> bool:
        return any(name == "_number" and value in self._session.done for name, value in self._fields)


def parted(request: Request) -> bytes | None:
    """What parts a form with files, if it is one that comes in piece by piece."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    found = request.url.path.startswith(UPLOADS) and kind == b"multipart/form-data"
    return options.get(b"boundary") if found else None


async def received(request: Request, session: Session, keeper: Keeper, boundary: bytes) -> Form:
    """A form with files of any size, as it comes in. A lost browser, or a locked desk, leaves nothing of them."""
    upload = Upload(session, keeper, request.path_params["c"], request.path_params["n"])
    parser, gathered, whole = upload.parser(boundary), bytearray(), False
    try:
        async for chunk in request.stream():
            gathered += chunk
            if len(gathered) >= AT_ONCE:
                await run_in_threadpool(parser.write, bytes(gathered))
                gathered.clear()
        await run_in_threadpool(parser.write, bytes(gathered))
        parser.finalize()
        whole = True
        return await run_in_threadpool(upload.form)
    except FormParserError:
        return Form(FormData([]))
    finally:
        if not whole:
            await run_in_threadpool(upload.forget)
