"""Known bytes, read by Python and TypeScript; ``make.py`` writes them."""
