"""Which iterations random perforation leaves out: a hash of the iteration's number, the same everywhere."""

from __future__ import annotations

_MASK = 0xFFFFFFFF

MULTIPLIER = 0x9E3779B1
"""Multiplies the iteration's number, counted from 1."""
SEED_MULTIPLIER = 0x85EBCA6B
"""Multiplies the seed."""
MIX_MULTIPLIER = 0x7FEB352D
"""Multiplies the hash between its two shifts."""


def sample_hash(k: int, seed: int) -> int:
    """The 32-bit hash of iteration number `k`, counted from 0; everything is unsigned and wraps."""
    h = ((k + 1) * MULTIPLIER + seed * SEED_MULTIPLIER) & _MASK
    h ^= h >> 16
    h = h * MIX_MULTIPLIER & _MASK
    return h ^ (h >> 15)


def keeps(k: int, v: int, seed: int = 0) -> bool:
    """Whether iteration number `k` is done when one in `v` is left out, on average."""
    return sample_hash(k, seed) % v != 0
