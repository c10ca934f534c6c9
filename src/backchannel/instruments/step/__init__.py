"""Step: who does what by when, verified by whom (spec/step.md)."""
