"""Disclosure: some clauses of an understanding are shown, with proof (spec/disclosure.md)."""
