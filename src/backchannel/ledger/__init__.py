"""The ledger: an append-only record, and proofs about it (spec/ledger.md).

Pure: no clock, socket, randomness or file. Bodies are opaque bytes here.
"""
