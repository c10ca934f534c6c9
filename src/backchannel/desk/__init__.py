"""The desk: one person's side, with its clock, keys and storage."""
