"""A talk, played from beginning to end on one machine."""
