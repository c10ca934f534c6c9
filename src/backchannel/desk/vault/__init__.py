"""The vault: what a desk holds, encrypted under a passphrase, and its backups. Knows nothing of channels."""
