"""Many signatures at once are judged as one by one."""

from __future__ import annotations

import pytest

from backchannel.seal import primitives as p
from backchannel.seal.chain import Check
from backchannel.seal.verify import Checking

PUBLIC = p.ed25519_public(bytes(32))
GOOD = [Check(PUBLIC, b"%d" % k, p.ed25519_sign(bytes(32), b"%d" % k)) for k in range(130)]


def hold(checks: list[Check]) -> bool:
    checking = Checking()
    for check in checks:
        checking.add(check)
    checking.begin()
    return checking.hold()


@pytest.mark.parametrize("many", [0, 1, 63, 64, 65, 130])
def test_good_ones_hold(many: int) -> None:
    assert hold(GOOD[:many])


@pytest.mark.parametrize("many", [1, 63, 64, 65, 130])
def test_one_bad_one_is_found_wherever_it_is(many: int) -> None:
    for place in {0, 1, many // 2, many - 2, many - 1} & set(range(many)):
        checks = GOOD[:many]
        checks[place] = Check(PUBLIC, b"another", checks[place].signature)
        assert not hold(checks)
