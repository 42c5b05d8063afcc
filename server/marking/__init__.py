"""Marking (阅卷) after the session closed."""
