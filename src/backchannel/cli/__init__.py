"""The `backchannel` command."""
