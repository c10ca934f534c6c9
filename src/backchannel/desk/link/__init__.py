"""The link to a relay: addresses, connections, requests, the stream. Knows nothing of channels."""
