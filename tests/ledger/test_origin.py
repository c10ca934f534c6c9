from hashlib import sha256

import pytest

from backchannel.errors import Misuse
from backchannel.ledger.origin import control_hash, credential_hash, log_name, origin_line


def test_names_are_the_hashes_that_the_spec_writes() -> None:
    # Written out by hand from spec/ledger.md: enc is a 4-byte length before each part.
    channel = bytes(range(32))
    encoded = b"\0\0\0\x0abc1/origin" + b"\0\0\0\x20" + channel
    name = log_name(channel)
    assert name == sha256(encoded).hexdigest()
    assert origin_line(name) == f"bc1/{name}"


def test_credential_and_control_differ_for_one_secret() -> None:
    secret = bytes(32)
    assert credential_hash(secret) == sha256(b"\0\0\0\x0ebc1/credential\0\0\0\x20" + secret).digest()
    assert control_hash(secret) == sha256(b"\0\0\0\x0bbc1/control\0\0\0\x20" + secret).digest()


@pytest.mark.parametrize("make", [log_name, credential_hash, control_hash])
def test_a_secret_of_another_length_is_our_mistake(make) -> None:
    with pytest.raises(Misuse, match="32 bytes, not 31"):
        make(bytes(31))
