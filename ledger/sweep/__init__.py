"""Reading an archive's files, each once, with every core. Kept apart from ``ledger.verify`` so that
a worker process loads little.
"""
