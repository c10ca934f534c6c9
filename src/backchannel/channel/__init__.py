"""A channel: its members, and what they see from its entries."""
