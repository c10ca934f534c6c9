"""Ladders that people write: a file of steps becomes promises, and templates to begin with."""
