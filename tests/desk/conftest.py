"""What the desk's tests share: a cheap vault."""

from __future__ import annotations

from pathlib import Path

import pytest

from backchannel.desk.vault.keyfile import Cost
from backchannel.desk.vault.migrations import Migration
from backchannel.desk.vault.vault import Vault

CHEAP = Cost(memory_kib=64, passes=1, lanes=1)
PHRASE = "herring in the cellar"
OTHER = "a lamp under the stairs"

FIRST = Migration(
    1,
    """
    -- notes; with a semicolon here
    CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE key (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, secret BLOB NOT NULL);
    CREATE VIRTUAL TABLE found USING fts5(body, content='note', content_rowid='id');
    INSERT INTO found(found, rank) VALUES('secure-delete', 1);
    CREATE TRIGGER note_in AFTER INSERT ON note BEGIN
        INSERT INTO found(rowid, body) VALUES (new.id, new.body);
    END;
    CREATE TRIGGER note_out AFTER DELETE ON note BEGIN
        INSERT INTO found(found, rowid, body) VALUES ('delete', old.id, old.body);
    END;
    """,
)
STEPS = (FIRST,)


def make(folder: Path, phrase: str = PHRASE, steps: tuple[Migration, ...] = STEPS) -> Vault:
    return Vault.create(folder, phrase, cost=CHEAP, steps=steps)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Where a vault will be."""
    return tmp_path / "desk"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 (and not for localhost), signed by itself, and its key."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"),
        False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .add_extension(x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, secret
