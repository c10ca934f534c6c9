import pytest
from hypothesis import given
from hypothesis import strategies as st

from backchannel.relay.access import bearer, encode_bearer, good_name
from backchannel.relay.logs import bound_of
from backchannel.relay.store import Keys, Rotation


@given(st.binary(min_size=32, max_size=32))
def test_a_bearer_reads_back(secret: bytes) -> None:
    assert bearer(encode_bearer(secret)) == secret


GOOD = encode_bearer(bytes(32))


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        GOOD + "=",
        GOOD[:-1],
        GOOD + "A",
        GOOD[:-1] + "B",  # not canonical: stray bits
        GOOD[:-1] + "/",
        GOOD.lower(),
        GOOD.replace("Bearer", "Basic"),
        GOOD + "\n",
        " " + GOOD,
        "Bearer " + "é" * 43,
    ],
)
def test_anything_else_is_no_bearer(header: str | None) -> None:
    assert bearer(header) is None


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("0" * 64, True),
        ("f" * 64, True),
        ("F" * 64, False),
        ("0" * 63, False),
        ("0" * 65, False),
        ("0" * 63 + "\n", False),
        ("\u0660" * 64, False),
    ],
)
def test_names_are_64_lower_case_hex_digits(name: str, good: bool) -> None:
    assert good_name(name) is good


def test_how_far_a_credential_reaches() -> None:
    keys = [Keys(bytes([n]) * 32, bytes([n + 10]) * 32) for n in range(4)]
    rotations = (Rotation(5, keys[0]), Rotation(9, keys[1]))
    reach = [bound_of(keys[2], rotations, k.credential, lambda k: k.credential) for k in keys]
    assert reach == [5, 9, None, -1]
