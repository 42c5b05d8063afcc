"""A whole exam day driven through the public API by simulated people, for 试考, demo and load."""
