"""Broken passes, to test the tests: every one of them has to be caught by an oracle.

`python -m approxir.testing.mutants` runs all of them and prints a table.
"""
