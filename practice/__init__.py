"""The public practice program: own process, own database, released items only.

Rules kept here: it imports the kernel and the paper vocabulary and nothing else; no sign-in, no
camera, no personal data; all it can show came in a bundle under the bank's signature.
"""
