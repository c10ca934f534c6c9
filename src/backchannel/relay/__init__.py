"""The relay: carries and orders what it cannot read."""
