"""Text: one negotiating text, from brackets to clean (spec/text.md)."""
