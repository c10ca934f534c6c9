"""The relay's interface as a desk uses it (spec/relay.md): every request, retried where that helps, answers checked."""

from __future__ import annotations

import random as chances
import re
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from backchannel.desk.link.address import Address, Proxy
from backchannel.desk.link.answers import BYTES, JSON, LASTING, PASSING, TEXT, Busy, fault
from backchannel.desk.link.dial import Dialer
from backchannel.desk.link.lines import Lines
from backchannel.desk.link.patience import Backoff, Timeouts
from backchannel.desk.link.transport import Answer, Request, Transport
from backchannel.errors import Malformed, Misuse, RelayFault, RelayRefused, Unreachable
from backchannel.ledger.wire import MOST_RECORDS, Frame, Range, decode_range, encode_frames

# About 8 MiB an answer, by whole entries of at most 1 MiB, with 45 bytes before each.
MOST_RANGE = (8 << 20) + (1 << 20) + 64 * MOST_RECORDS
_MOST_JSON = 1 << 14
_MOST_NOTE = 1 << 12
_MOST_PROOF = 64
_NAME = re.compile(r"[0-9a-f]{64}")
_HASH_BYTES = 32

_T = TypeVar("_T")


class Info(msgspec.Struct, frozen=True):
    """What a relay says of itself: its Ed25519 `key` (32 bytes) and its `limits` by name."""

    key: bytes
    limits: dict[str, float]


class _Info(msgspec.Struct):
    public_key: str
    limits: dict[str, float] = {}


class _Appended(msgspec.Struct):
    indices: list[int]
    size: int


class _Proof(msgspec.Struct):
    proof: list[str]


class _Index(msgspec.Struct):
    index: int


class RelayClient:
    """One desk's way to one relay; usable from several threads. Close it, or use it as a context manager.

    `proxy` is `socks5h://host:port`; every connection then goes through it and names are resolved by it. `isolation`
    (any text, best random) keeps this client's circuits apart from others', so give each channel its own. `ca_file`
    adds certificate authorities (PEM) to the system's. `clock` is monotonic; `chance()` is from [0, 1).

    Every method raises Unreachable (`refused`, `offline`, `name`, `timeout`, `broken`, `proxy`, `tls`, `certificate`,
    `gateway`, `intercepted`, `closed`), RelayRefused (a code of spec/relay.md, 2), RelayFault (`answer`, `length`,
    `range`, `encoding`, or what ledger.wire says), and Misuse for arguments that cannot be right.
    """

    def __init__(
        self,
        url: str,
        *,
        proxy: str | None = None,
        isolation: str | None = None,
        ca_file: Path | None = None,
        timeouts: Timeouts = Timeouts(),  # noqa: B008  (frozen)
        backoff: Backoff = Backoff(),  # noqa: B008
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        chance: Callable[[], float] = chances.random,
    ) -> None:
        way = None if proxy is None else Proxy.parse(proxy, isolation)
        self.address = Address.parse(url, proxied=way is not None)
        self.dialer = Dialer(self.address, way, timeouts, ca_file)
        self.timeouts = timeouts
        self.backoff = backoff
        self.clock = clock
        self.chance = chance
        self.lines = Lines()
        self._sleep = sleep or self.lines.ended.wait
        self._transport = Transport(self.dialer, timeouts, clock, self.lines)

    def close(self) -> None:
        """End all connections, from any thread: whoever waits for the relay gets Unreachable at once."""
        self._transport.close()

    def __enter__(self) -> RelayClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"RelayClient({str(self.address)!r})"

    # --- logs

    def info(self) -> Info:
        """The relay's key and limits."""
        said = self._json(Request("GET", "/v1/relay", JSON, _MOST_JSON), _Info)
        return Info(_hex32(said.public_key), said.limits)

    def found(self, name: str, credential_hash: bytes, control_hash: bytes, founding_code: bytes | None = None) -> bool:
        """Found the log `name` (64 hex digits) with two hashes; False when it stood so already. All are 32 bytes."""
        body = msgspec.json.encode({"credential": _hashed(credential_hash), "control": _hashed(control_hash)})
        code = None if founding_code is None else bearer(founding_code)
        request = Request("POST", path(name), JSON, _MOST_JSON, code, body, good=frozenset({200, 201}))
        return self._exchange(request).status == 201

    def append(self, name: str, credential: bytes, frames: Sequence[Frame]) -> list[int]:
        """Append 1 to 256 frames together; answers each one's index when all are durable.

        A frame that the log has already answers with its first index: a retry is safe.
        """
        request = Request(
            "POST", path(name, "entries"), JSON, _MOST_JSON, bearer(credential), encode_frames(frames), BYTES
        )
        said = self._json(request, _Appended)
        if len(said.indices) != len(frames) or not all(0 <= index < said.size for index in said.indices):
            raise fault("answer")
        return said.indices

    def read(self, name: str, credential: bytes, start: int, limit: int = MOST_RECORDS) -> Range:
        """Entries from `start`, at most `limit`, perhaps fewer. Tree and signature are for ledger.history to check."""
        target = f"{path(name, 'entries')}?start={_count(start)}&limit={_count(limit)}"
        answer = self._exchange(Request("GET", target, BYTES, MOST_RANGE, bearer(credential)))
        return parse_range(answer.body, start, limit)

    def checkpoint(self, name: str, credential: bytes, size: int | None = None) -> bytes:
        """The signed note for `size`, or for the present size."""
        target = path(name, "checkpoint") + ("" if size is None else f"?size={_count(size)}")
        return self._exchange(Request("GET", target, TEXT, _MOST_NOTE, bearer(credential))).body

    def inclusion(self, name: str, credential: bytes, index: int, size: int) -> list[bytes]:
        """The hashes (32 bytes each) that prove entry `index` in the tree of `size`."""
        return self._proof(f"{path(name, 'inclusion')}?index={_count(index)}&size={_count(size)}", credential)

    def consistency(self, name: str, credential: bytes, first: int, second: int) -> list[bytes]:
        """The hashes that prove the tree of size `second` to extend that of size `first`."""
        return self._proof(f"{path(name, 'consistency')}?first={_count(first)}&second={_count(second)}", credential)

    def erase(self, name: str, credential: bytes, index: int, token: bytes) -> int:
        """Erase the body at `index` by its token (32 bytes); answers the erase record's index, also the second time."""
        body = msgspec.json.encode({"index": int(_count(index)), "token": _hashed(token)})
        request = Request("POST", path(name, "erase"), JSON, _MOST_JSON, bearer(credential), body)
        return _checked(self._json(request, _Index).index)

    def rotate(
        self,
        name: str,
        control: bytes,
        credential_hash: bytes,
        control_hash: bytes,
        frame: Frame,
        index: int | None = None,
    ) -> int:
        """Replace both hashes and append `frame`, by the present `control` key; answers the frame's index.

        Refused (`moved`) if that would not be `index`, where one is given.
        """
        body = msgspec.json.encode(
            {
                "credential": _hashed(credential_hash),
                "control": _hashed(control_hash),
                "frame": b64encode(encode_frames([frame])).decode(),
                **({} if index is None else {"index": int(_count(index))}),
            }
        )
        return _checked(
            self._json(Request("POST", path(name, "rotate"), JSON, _MOST_JSON, bearer(control), body), _Index).index
        )

    # --- how

    def _exchange(self, request: Request) -> Answer:
        """One exchange, repeated while that may help: by spec/relay.md every request may be."""
        for tried in range(1, self.backoff.tries + 1):
            try:
                return self._transport.exchange(request)
            except (Unreachable, RelayRefused) as error:
                if tried == self.backoff.tries or not passing(error):
                    raise
                self._sleep(self.backoff.delay(tried, self.chance(), getattr(error, "wait", None)))
        raise Misuse("tries", "A client that may not try once cannot ask anything.", "Allow one try.")

    def _json(self, request: Request, kind: type[_T]) -> _T:
        try:
            return msgspec.json.decode(self._exchange(request).body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise fault("answer") from error

    def _proof(self, target: str, credential: bytes) -> list[bytes]:
        said = self._json(Request("GET", target, JSON, _MOST_JSON, bearer(credential)), _Proof)
        if len(said.proof) > _MOST_PROOF:
            raise fault("answer")
        return [_hex32(text) for text in said.proof]


def passing(error: Unreachable | RelayRefused) -> bool:
    """Whether to try again by itself may help."""
    return error.code in PASSING if isinstance(error, Busy | RelayRefused) else error.code not in LASTING


def path(name: str, last: str = "") -> str:
    """The path of a log, or of something of it. Raises Misuse `name`."""
    if not _NAME.fullmatch(name):
        raise Misuse("name", "The name of a log is 64 hexadecimal digits.", "Take it from the invitation.")
    return f"/v1/logs/{name}/{last}".rstrip("/")


def bearer(secret: bytes) -> str:
    """A credential or control key (32 bytes) as it travels: base64url without padding. Raises Misuse `credential`."""
    if len(secret) != _HASH_BYTES:
        raise Misuse("credential", "A credential has 32 bytes.", "Take it from the channel.")
    return urlsafe_b64encode(secret).decode().rstrip("=")


def parse_range(body: bytes, start: int, limit: int) -> Range:
    """The range in `body`, which must begin at `start`. Raises RelayFault (`range`, or the code of ledger.wire)."""
    try:
        found = decode_range(body)
    except Malformed as error:
        raise RelayFault(error.code, error.what, "Nothing in it was used. Tell the relay's host.") from error
    end = start + len(found.records)
    if found.start != start or len(found.records) > limit or not end <= found.head < 1 << 63:
        raise fault("range")
    return found


def _hashed(raw: bytes) -> str:
    if len(raw) != _HASH_BYTES:
        raise Misuse("hash", "A hash or token has 32 bytes.", "Take it from the channel.")
    return raw.hex()


def _count(number: int) -> str:
    if not 0 <= number < 1 << 63:
        raise Misuse("number", "A position in a log is a number from 0.", "Take it from the log.")
    return str(number)


def _checked(index: int) -> int:
    if not 0 <= index < 1 << 63:
        raise fault("answer")
    return index


def _hex32(text: str) -> bytes:
    if not _NAME.fullmatch(text):
        raise fault("answer")
    return bytes.fromhex(text)
