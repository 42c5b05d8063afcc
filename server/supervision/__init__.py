"""Supervision (督导): the replay of a sitting from its records, and the proof of its score."""
