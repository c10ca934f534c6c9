"""Sounding, the instrument that no negotiation software has (spec/sounding.md)."""
