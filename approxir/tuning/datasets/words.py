"""Words for texts that are made up."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

FUNCTION_WORDS = (
    "the", "of", "and", "in", "to", "a", "is", "was", "for", "on", "as", "by", "with", "that", "it", "from",
    "at", "his", "he", "an", "be", "were", "are", "which", "this", "or", "had", "not", "but", "they",
    "also", "have", "one", "has", "their", "its", "who", "been", "after", "first", "two", "other", "when",
    "into", "her", "she", "there", "all", "more", "during", "time", "between", "most", "some", "only",
    "over", "where", "what", "can", "would", "about", "than", "up", "out", "such", "no", "these",
)  # fmt: skip
"""The most frequent words of English texts, the most frequent first."""

# Simple parts are drawn more often than clusters, as they are written down more often.
_ONSETS = (*"bcdfghjklmnprstvwbdklmnrst", "br", "ch", "cl", "dr", "fl", "gr", "pl", "sh", "st", "th", "tr")
_NUCLEI = (*"aeiouaeiouaeio", "ai", "ea", "ie", "ou")
_CODAS = ("",) * 14 + (*"lmnrstnr", "nd", "ng", "st")


def made_up_words(count: int, rng: np.random.Generator, taken: Collection[str] = ()) -> list[str]:
    """Different words that can be pronounced and are none of those that are taken.

    The later in the list, the more syllables they mostly have, from one to four.
    """
    seen = set(taken)
    found: list[str] = []
    while len(found) < count:
        ranks = np.arange(len(found), count) + 1
        # Two syllables on average at a rank of 500, two and a half at 10,000.
        syllables = 1 + rng.binomial(3, np.minimum(0.75, 0.13 * ranks**0.15))
        parts = [rng.integers(0, len(kind), (len(ranks), 4)).tolist() for kind in (_ONSETS, _NUCLEI, _CODAS)]
        for length, *drawn in zip(syllables.tolist(), *parts, strict=True):
            word = "".join(
                [_ONSETS[o] + _NUCLEI[n] + _CODAS[c] for o, n, c in zip(*drawn, strict=True)][:length]
            )
            if word not in seen and len(word) > 1:
                seen.add(word)
                found.append(word)
    return found
