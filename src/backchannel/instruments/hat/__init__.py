"""Hat: every desk drops one folded slip, and nobody knows whose is whose (spec/hat.md)."""
