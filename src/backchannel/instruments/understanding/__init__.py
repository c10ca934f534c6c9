"""Understanding: signed in private, provable clause by clause in public (spec/understanding.md)."""
