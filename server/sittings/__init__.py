"""Sittings (答卷): sign-in at the seat, answers, timing, submission."""
