"""The book of a channel: its rows in the vault, as values."""
