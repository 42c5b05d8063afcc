"""Results, publicity (公示) and review (复核)."""
