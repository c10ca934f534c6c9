"""Connections to a relay: direct or through a SOCKS5 proxy, with TLS. The only module that opens sockets.

Nothing is read from the environment: no proxy variables, no netrc, no SSLKEYLOGFILE. With a proxy there is no direct
connection and no look-up of the relay's name, whatever fails.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.sync import Proxy as SocksProxy

from backchannel.desk.link.address import Address, Proxy, is_loopback
from backchannel.desk.link.patience import WAITS, Deadline, Timeouts, too_slow
from backchannel.errors import Misuse, Unreachable

# SOCKS5 reply (RFC 1928, 6) -> code, what
_REPLIES = {
    2: ("proxy", "The proxy is not allowed to reach the relay."),
    3: ("refused", "The proxy finds no way to the relay's network."),
    4: ("refused", "The proxy finds no way to the relay."),
    5: ("refused", "The relay does not answer: nobody listens there now."),
    6: ("timeout", "The proxy gave up waiting for the relay."),
}
_ERRNOS = {
    errno.ECONNREFUSED: ("refused", "The relay does not answer: nobody listens there now."),
    errno.EHOSTUNREACH: ("offline", "There is no way to the relay from here."),
    errno.ENETUNREACH: ("offline", "This machine is not connected to a network."),
    errno.ENETDOWN: ("offline", "This machine is not connected to a network."),
}


class Dialer:
    """Opens connections to one relay, all in the same way."""

    def __init__(self, address: Address, proxy: Proxy | None, timeouts: Timeouts, ca_file: Path | None = None) -> None:
        self.address = address
        self._proxy = proxy
        self._timeouts = timeouts
        self.context = tls_context(ca_file) if address.tls else None

    def tcp(self, deadline: Deadline) -> socket.socket:
        """A connection without TLS yet. Raises Unreachable `refused`, `offline`, `name`, `timeout`, `proxy`."""
        wait = deadline.left(self._timeouts.connect)
        with told():
            opened = self._through(self._proxy, wait) if self._proxy else self._direct(wait)
        try:
            opened.settimeout(self._timeouts.idle)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            opened.close()
            raise
        return opened

    def connect(self, deadline: Deadline, keep: Callable[[socket.socket], None] = lambda _: None) -> socket.socket:
        """A connection ready for HTTP; `keep` has it as soon as it is there. Raises as `tcp`, and `certificate`."""
        opened = self.tcp(deadline)
        try:
            if self.context is not None:
                opened = self.context.wrap_socket(
                    opened, server_hostname=self.address.host, do_handshake_on_connect=False
                )
            keep(opened)
            if isinstance(opened, ssl.SSLSocket):
                opened.settimeout(deadline.left(self._timeouts.connect))
                with told():
                    opened.do_handshake()
            return opened
        except BaseException:
            opened.close()
            raise

    def _direct(self, wait: float) -> socket.socket:
        opened = socket.create_connection((self.address.host, self.address.port), timeout=wait)
        # What this machine calls localhost could lie elsewhere.
        if not self.address.tls and not is_loopback(str(opened.getpeername()[0])):
            opened.close()
            raise Misuse("plain", "The name localhost leads to another machine here.", "Write 127.0.0.1 instead.")
        return opened

    def _through(self, proxy: Proxy, wait: float) -> socket.socket:
        way = SocksProxy(ProxyType.SOCKS5, proxy.host, proxy.port, proxy.username, proxy.password, rdns=True)
        return way.connect(self.address.host, self.address.port, timeout=wait)


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or later, verified against the system's authorities, and those in `ca_file` besides.

    Not `create_default_context`, which writes session keys to a file when SSLKEYLOGFILE says so.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise Misuse("ca", f"{ca_file} holds no certificates that can be read.", "Check the file.") from error
    return context


@contextmanager
def told() -> Iterator[None]:
    """Turn what fails on the way into Unreachable with a code of its own."""
    try:
        yield
    except ProxyTimeoutError as error:
        raise too_slow() from error
    except ProxyConnectionError as error:
        raise unreachable(
            "proxy", "The proxy does not answer.", "Start it (Tor, for one), or check its address."
        ) from error
    except ProxyError as error:
        code, what = _REPLIES.get(error.error_code or 0, ("proxy", "The proxy does not make the connection."))
        raise unreachable(code, what) from error
    except ssl.SSLCertVerificationError as error:
        raise unreachable(
            "certificate",
            "Whoever answers at the relay's address cannot prove to be the relay.",
            "Do not go on over this network; ask the relay's host whether the certificate is in order.",
        ) from error
    except ssl.SSLError as error:
        raise unreachable("tls", "No encrypted connection to the relay comes about.") from error
    except socket.gaierror as error:
        raise unreachable("name", "The relay's name is not found, or this machine is offline.") from error
    except TimeoutError as error:
        raise too_slow() from error
    except OSError as error:
        code, what = _ERRNOS.get(error.errno or 0, ("broken", "The connection to the relay broke."))
        raise unreachable(code, what) from error


def unreachable(code: str, what: str, todo: str = "The desk tries again by itself.") -> Unreachable:
    """An Unreachable that says what becomes of the person's words."""
    return Unreachable(code, what, todo, WAITS)
