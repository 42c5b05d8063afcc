"""The encrypted answer log: records, hash chain, acknowledgements, seals, verifier."""
