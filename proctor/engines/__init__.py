"""The only place that knows vision libraries (OpenCV, dlib, numpy).

Rules kept here: importing this package or ``catalogue`` loads no vision library, so the web process
stays small; models are read from disk after their SHA-256 is checked, and never fetched.
"""
