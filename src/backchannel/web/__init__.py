"""The desk in its owner's browser (spec/web.md)."""
