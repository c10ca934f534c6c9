"""Whose a connection on the loopback interface is: the kernel of Linux knows (spec/web.md, 1.3).

It is asked for the one connection (NETLINK_SOCK_DIAG), which takes the same time however many others there are: its
table of all is long if another user of this machine wants it to be, and who reads it while it changes can miss a row.
"""

from __future__ import annotations

import errno
import socket
import struct
import sys
import time
from pathlib import Path

NOBODY = -1
"""The system says whose connections are, and knows none like this: it is over, or not what it seems."""

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""All connections, where the kernel cannot be asked for one."""

AGAIN_SECONDS = 0.05

_SOCK_DIAG, _BY_FAMILY, _REQUEST, _ERROR, _ESTABLISHED = 4, 20, 1, 2, 1
_HEAD, _QUERY, _ADDRESS = struct.Struct("=IHHII"), struct.Struct("=BBBBI"), struct.Struct("!HH4s12x4s12x")
_FOUND = struct.Struct("=BB2x48xIIII")  # family, state; after the addresses: expires, two queues, user
_ANY_INTERFACE_AND_COOKIE = struct.pack("=III", 0, 0xFFFFFFFF, 0xFFFFFFFF)
_MAPPED = "0000000000000000FFFF0000"

Place = tuple[str, int]


def asked(theirs: Place, ours: Place) -> int:
    """The user whose socket is at `theirs`, connected to `ours`; or `NOBODY`. OSError where that cannot be asked."""
    addresses = _ADDRESS.pack(theirs[1], ours[1], socket.inet_aton(theirs[0]), socket.inet_aton(ours[0]))
    query = _QUERY.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF) + addresses + _ANY_INTERFACE_AND_COOKIE
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        raise OSError(errno.EAFNOSUPPORT, "only Linux can be asked")
    with socket.socket(family, socket.SOCK_RAW, _SOCK_DIAG) as line:
        line.settimeout(1.0)
        line.send(_HEAD.pack(_HEAD.size + len(query), _BY_FAMILY, _REQUEST, 1, 0) + query)
        answer = line.recv(4096)
    if _HEAD.unpack_from(answer)[1] == _ERROR:
        code = -struct.unpack_from("=i", answer, _HEAD.size)[0]
        if code == errno.ENOENT:
            return NOBODY
        raise OSError(code, "the kernel does not say")
    _, state, _, _, _, user = _FOUND.unpack_from(answer, _HEAD.size)
    return int(user) if state == _ESTABLISHED else NOBODY  # of one that is over, it says that it is root's


def listed(theirs: Place, ours: Place, tables: tuple[Path, ...] = TABLES) -> int | None:
    """The same by the table of all, which may take a while; None where there is none."""
    found = _listed(theirs, ours, tables)
    if found == NOBODY:
        time.sleep(AGAIN_SECONDS)  # rows are missed while others come and go
        found = _listed(theirs, ours, tables)
    return found


def _listed(theirs: Place, ours: Place, tables: tuple[Path, ...]) -> int | None:
    wanted, found = (_written(theirs), _written(ours), f"{_ESTABLISHED:02X}"), None
    for table in tables:
        try:
            rows = table.read_text().splitlines()[1:]
        except OSError:
            continue
        found = NOBODY
        for fields in map(str.split, rows):
            if (fields[1].removeprefix(_MAPPED), fields[2].removeprefix(_MAPPED), fields[3]) == wanted:
                return int(fields[7])
    return found


def _written(place: Place) -> str:
    """As the kernel writes it: the address as a number of this machine's own byte order."""
    host = bytes(map(int, place[0].split(".")))
    return f"{int.from_bytes(host, sys.byteorder):08X}:{place[1]:04X}"
