"""The one door to cryptography.

Rules kept here: no other package imports a cryptographic library; keys are bytes that never reach a
log; every sealed thing is bound to its purpose by associated data or HPKE info.
"""
