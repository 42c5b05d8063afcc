"""One Merkle tree over every record of an origin: RFC 6962 hashing, C2SP tiles, notes, checkpoints
and proofs; a sequencer that grows it. The pure parts know no database.
"""
