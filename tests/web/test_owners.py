"""Whose a connection is (spec/web.md, 1.3)."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from backchannel.web import owners

pytestmark = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="this system does not say whose a socket is")


@pytest.mark.parametrize("owner", [owners.asked, owners.listed])
def test_a_connection_has_an_owner(owner: Callable[..., int | None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = server.getsockname()
        with socket.create_connection(ours) as line:
            assert owner(line.getsockname(), ours) == os.getuid()
            assert owner(("127.0.0.1", 1), ours) == owners.NOBODY
            theirs, (accepted, _) = line.getsockname(), server.accept()
        with accepted:  # their end is closed: the kernel says of such a one that it is root's
            assert owner(theirs, ours) == owners.NOBODY
        with socket.socket(socket.AF_INET6) as mapped:
            mapped.connect(("::ffff:127.0.0.1", ours[1]))
            assert owner(("127.0.0.1", mapped.getsockname()[1]), ours) == os.getuid()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("owner", [owners.asked, owners.listed])
def test_another_users_is_another_users(owner: Callable[..., int | None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = server.getsockname()
        os.seteuid(65_534)
        try:
            line = socket.create_connection(ours)
        finally:
            os.seteuid(0)
        with line:
            assert owner(line.getsockname(), ours) == 65_534


def test_a_row_that_is_missed_is_looked_for_once_more_and_then_it_is_nobodys(tmp_path: Path) -> None:
    none = tmp_path / "none"
    assert owners.listed(("127.0.0.1", 1), ("127.0.0.1", 2), (none,)) is None
    none.write_text("heads\n")
    assert owners.listed(("127.0.0.1", 1), ("127.0.0.1", 2), (none,)) == owners.NOBODY


def test_a_kernel_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owners, "_BY_FAMILY", 99)
    with pytest.raises(OSError, match="does not say"):
        owners.asked(("127.0.0.1", 1), ("127.0.0.1", 2))
    monkeypatch.delattr(socket, "AF_NETLINK")
    with pytest.raises(OSError, match="only Linux"):
        owners.asked(("127.0.0.1", 1), ("127.0.0.1", 2))
