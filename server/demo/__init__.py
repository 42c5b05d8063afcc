"""The seeded world of `gongyuan demo`."""
