"""What `make setup` runs: it brings everything the product needs, once, and checks it by hash.

Rules kept here: only the standard library before `.venv` exists; every step is idempotent and
remembers what it did by the hash of its inputs; every failure says in Chinese and English what is
wrong and how to mend it; downloads go through the ordinary clients of the package registries.
"""
