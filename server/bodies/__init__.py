"""Evaluation bodies (评价机构), sites (考点), rooms (考场) and seats (考位)."""
