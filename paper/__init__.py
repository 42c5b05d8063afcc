"""The vocabulary of a paper: items, responses, scoring rules, forms, packages. Pure; everyone may
import it.
"""
