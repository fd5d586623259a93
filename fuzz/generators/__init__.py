"""Hypothesis strategies: modules, programs that run, and their arguments and configurations."""
