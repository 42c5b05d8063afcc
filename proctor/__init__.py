"""Watching over an exam: face engines, enrolment, matching, recordings, retention.

Rules kept here: the machine reports and people decide, so nothing in this package refuses, ejects
or submits a candidate; pictures, templates and recordings are stored only encrypted, each class
under its own key and its own clock; every comparison can be computed again from what is stored.
"""
