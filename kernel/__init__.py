"""Common ground that knows no exam: errors, ids, time, bytes, settings, database, crypto, access,
web.
"""
