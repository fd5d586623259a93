"""Handlers of operations, one file for each dialect (StableHLO has several)."""
