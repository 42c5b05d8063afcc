"""The bank's pure rules: the blueprint, the items, likeness of stems."""
