"""Entries: what people write, as frozen values."""
