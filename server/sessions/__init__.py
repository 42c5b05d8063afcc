"""Plans, sessions (场次), time policy, staffing and the session's state."""
