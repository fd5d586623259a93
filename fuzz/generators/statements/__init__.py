"""The statements that generated functions are made of, by dialect.

Each is a function of a writer and a scope; `Statement` says how many operations it needs at most.
"""
