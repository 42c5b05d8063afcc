"""The rehearsal (试考/压测): many simulated candidates against a running server."""
