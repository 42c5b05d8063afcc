"""Common ground of every context; it knows no exam."""
