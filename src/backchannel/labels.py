"""Every domain-separation string of Backchannel, and the injective encoding that they head (spec/sealing.md, 1).

A label is used for one purpose only. Its test refuses duplicates, and strings elsewhere that start `bc1/`.
"""

from __future__ import annotations

# What every label starts with, and a log's origin line too (spec/ledger.md, 1).
PREFIX = "bc1/"

# ledger and relay
ORIGIN = "bc1/origin"
RELAY = "bc1/relay"
CREDENTIAL = "bc1/credential"
CONTROL = "bc1/control"
ERASE_RECORD = "bc1/erase-record"

# sealing
ENTRY = "bc1/entry"
ENTRY_SIG = "bc1/entry-sig"
TAG = "bc1/tag"
ERASE = "bc1/erase"
KEEP = "bc1/keep"
DIST = "bc1/dist"
DIST_KEY = "bc1/dist-key"
DIST_MAC = "bc1/dist-mac"
CID = "bc1/cid"
ROSTER = "bc1/roster"
ROSTER_SIG = "bc1/roster-sig"
INVITE_KEY = "bc1/invite-key"
WELCOME = "bc1/welcome"
JOIN_SIG = "bc1/join-sig"
ROTATE = "bc1/rotate"
FINGERPRINT = "bc1/fingerprint"
COMPARE = "bc1/compare"

# words that are set aside
ASIDE = "bc1/aside"
ASIDE_KEY = "bc1/aside-key"
ASIDE_COMMIT = "bc1/aside-commit"
ASIDE_COPY = "bc1/aside-copy"

# the hat
HAT_OPEN = "bc1/hat/open"
HAT_COMMIT = "bc1/hat/commit"
HAT_INNER = "bc1/hat/inner"
HAT_LAYER = "bc1/hat/layer"
HAT_SLIP = "bc1/hat/slip"
HAT_CONTENT = "bc1/hat/content"
HAT_SEEN = "bc1/hat/seen"

# agreements
CHARTER = "bc1/charter"
UNDERSTANDING = "bc1/understanding"
UNDERSTANDING_SALT = "bc1/understanding-salt"
JWS_ED = "bc1/jws-ed"
JWS_MLDSA = "bc1/jws-mldsa"
JWS_WORDS = "bc1/jws-words"

# steps
STEP = "bc1/step"

# what comes for a locked desk
CARRIED = "bc1/carried"

# archives
ARCHIVE = "bc1/archive"
ARCHIVE_SHARE = "bc1/archive-share"
ARCHIVE_SIG = "bc1/archive-sig"

# texts
TEXT_PARAGRAPH = "bc1/text/paragraph"
TEXT_VERSION = "bc1/text/version"

# soundings
SOUNDING_OPEN = "bc1/sounding/open"
SOUNDING_TH = "bc1/sounding/th"
SOUNDING_ORDER = "bc1/sounding/order"
SOUNDING_PLACE = "bc1/sounding/place"
SOUNDING_ACK = "bc1/sounding/ack"
SOUNDING_POK = "bc1/sounding/pok"
SOUNDING_MPOK = "bc1/sounding/mpok"
SOUNDING_DLEQ = "bc1/sounding/dleq"
SOUNDING_OR = "bc1/sounding/or"
SOUNDING_BATCH = "bc1/sounding/batch"
SOUNDING_WEIGHT = "bc1/sounding/weight"


def enc(*parts: str | bytes | int) -> bytes:
    """Injective length-prefixed encoding: each part is its length in 4 bytes (big-endian), then the part.

    Text is UTF-8; an integer is 8 bytes big-endian, unsigned.
    """
    out = bytearray()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part.to_bytes(8, "big") if isinstance(part, int) else part
        out += len(raw).to_bytes(4, "big")
        out += raw
    return bytes(out)
