"""Standards, blueprints, items, review, exchange, assembly, sealing and statistics."""
