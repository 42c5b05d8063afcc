"""The command line, a contract with its users."""
