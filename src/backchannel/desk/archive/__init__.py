"""Archives: the whole record of a channel in one file, whose key is on trustees' papers only (spec/archive.md)."""
