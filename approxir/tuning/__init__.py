"""Tuning: search spaces, searches, evaluators, frontiers, and what tuners of other makes need."""
