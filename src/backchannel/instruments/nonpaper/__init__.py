"""Non-paper: an idea that others react to, that is taken up, or lapses and vanishes (spec/nonpaper.md)."""
