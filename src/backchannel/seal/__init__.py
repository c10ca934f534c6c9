"""Seals: how an entry is kept from those it is not for."""
