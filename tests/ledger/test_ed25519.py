import pytest

from backchannel.ledger import ed25519

# RFC 8032, 7.1, tests 1 to 3.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_the_published_vectors(seed: str, public: str, message: str, signature: str) -> None:
    assert ed25519.public_key(bytes.fromhex(seed)).hex() == public
    assert ed25519.sign(bytes.fromhex(seed), bytes.fromhex(message)).hex() == signature
    assert ed25519.verify(bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature))


def test_another_message_key_or_signature_is_refused() -> None:
    seed, other = bytes(32), bytes([1]) * 32
    signature = ed25519.sign(seed, b"message")
    public = ed25519.public_key(seed)
    assert not ed25519.verify(public, b"massage", signature)
    assert not ed25519.verify(ed25519.public_key(other), b"message", signature)
    assert not ed25519.verify(public, b"message", signature[:-1] + bytes([signature[-1] ^ 1]))


def test_a_key_of_small_order_verifies_nothing() -> None:
    identity = bytes([1]) + bytes(31)
    assert not ed25519.verify(identity, b"anything", identity + bytes(32))


def test_lengths_are_strict() -> None:
    public, signature = ed25519.public_key(bytes(32)), ed25519.sign(bytes(32), b"")
    for call in (
        lambda: ed25519.public_key(bytes(31)),
        lambda: ed25519.sign(bytes(64), b""),
        lambda: ed25519.verify(public + b"\0", b"", signature),
        lambda: ed25519.verify(public, b"", signature[:-1]),
    ):
        with pytest.raises(ValueError, match="Ed25519"):
            call()
