"""Where a relay is: the rules for its URL, and for the proxy on the way to it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from backchannel.errors import Misuse

_PORTS = {"https": 443, "http": 80}
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_CREDENTIAL = re.compile(r"[^\x00-\x20\x7f]{1,255}")


@dataclass(frozen=True)
class Address:
    """A relay's scheme (`https`, `http`), host (a lower-case name, or an IP address) and port."""

    scheme: str
    host: str
    port: int

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted by TLS (an onion address is encrypted without)."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port as in a URL and in a Host header: the scheme's own port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @classmethod
    def parse(cls, url: str, *, proxied: bool) -> Address:
        """The address in `url`: https anywhere; http to this machine, or to an onion address through a proxy.

        Raises Misuse `url` for what is not exactly scheme, host and port, and `plain` for http elsewhere.
        """
        parts = _split(url)
        if parts.scheme not in _PORTS:
            raise _bad("A relay's address starts with https://.", "Ask the relay's host for its address.")
        if "@" in parts.netloc:
            raise _bad("A relay's address holds no user name or password.", "Leave out what stands before the @.")
        if parts.path not in {"", "/"} or "?" in url or "#" in url:
            raise _bad("A relay's address ends after host and port.", "Leave out what comes after them.")
        host, port = _host(parts), _port(parts)
        found = cls(parts.scheme, host, _PORTS[parts.scheme] if port is None else port)
        onion = host.endswith(".onion")
        if onion and not proxied:
            raise Misuse("plain", "An onion address is reached through Tor only.", "Set Tor's SOCKS address as proxy.")
        if not found.tls and not onion and not is_loopback(host):
            raise Misuse(
                "plain",
                "Without TLS the network would see the names of logs and their credentials.",
                "Write https:// (http:// is for this machine and for onion addresses).",
            )
        return found


@dataclass(frozen=True)
class Proxy:
    """A SOCKS5 proxy that resolves names itself; user name and password where it asks for them."""

    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str, isolation: str | None = None) -> Proxy:
        """The proxy in `socks5h://host:port` (or socks5://; names are resolved by the proxy either way).

        `isolation` is sent as user name and password, as Tor's IsolateSOCKSAuth takes it: connections with different
        ones share no circuit. Raises Misuse `proxy`.
        """
        parts = _split(url)
        if parts.scheme not in {"socks5h", "socks5"} or parts.path not in {"", "/"} or "?" in url or "#" in url:
            raise _bad_proxy("A proxy's address is of the form socks5h://127.0.0.1:9050.")
        port = _port(parts)
        if not port:
            raise _bad_proxy("A proxy's address needs a port.")
        pair = (parts.username, parts.password) if isolation is None else (isolation, isolation)
        if isolation is not None and "@" in parts.netloc:
            raise _bad_proxy("The user name of this proxy is needed to keep channels apart.")
        if any(text is not None and not _CREDENTIAL.fullmatch(text) for text in pair) or (pair[0] is None) != (
            pair[1] is None
        ):
            raise _bad_proxy("The proxy's user name and password have 1 to 255 characters each.")
        return cls(_host(parts), port, *pair)


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by its form: 127.0.0.0/8, ::1, or the name localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _split(url: str) -> SplitResult:
    # urlsplit removes tabs and newlines, and accepts much else, silently.
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _bad("An address is written in plain ASCII without spaces.", "Write a foreign name in its xn-- form.")
    try:
        return urlsplit(url)
    except ValueError as error:
        raise _bad("This is not an address.", "Ask the relay's host for its address.") from error


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    try:
        if "%" in host:  # an interface of this machine
            raise ValueError(host)
        return str(ipaddress.ip_address(host))
    except ValueError as error:
        # A name whose last part is a number is an address in a form that resolvers read in ways of their own.
        if not _NAME.fullmatch(host) or host.rpartition(".")[2].isdigit():
            raise _bad("The address has no valid host name.", "Ask the relay's host for its address.") from error
        return host


def _port(parts: SplitResult) -> int | None:
    if parts.netloc.endswith(":"):
        raise _bad("The port is missing after the colon.", "Leave out the colon, or write the port.")
    try:
        port = parts.port
    except ValueError as error:
        raise _bad("The port is a number up to 65535.", "Ask the relay's host for its address.") from error
    if port == 0:
        raise _bad("The port is a number from 1.", "Ask the relay's host for its address.")
    return port


def _bad(what: str, todo: str) -> Misuse:
    return Misuse("url", what, todo)


def _bad_proxy(what: str) -> Misuse:
    return Misuse("proxy", what, "Tor's is socks5h://127.0.0.1:9050 unless it was changed.")
