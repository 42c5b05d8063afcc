"""Sealed packages (试卷包), key holders and the release of keys."""
