/* Okapi BM25, exact: how well each document of a corpus answers a query.
 *
 * Words are runs of letters and digits, bytes beyond ASCII counting as letters; upper and lower case are the
 * same. A word stands for itself as a number of 64 bits, a polynomial in its bytes, which differs for words
 * of up to eight ASCII characters; longer ones may share theirs, with a chance of about 2^-64 for each pair.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#define BASE 257

static const double K1 = 1.2, B = 0.75;

/* Write the numbers of the words in text[from .. to) to words from count on; return the new count. */
static int64_t tokenize(int64_t from, int64_t to, const int8_t *text, int64_t *words, int64_t count)
{
    int64_t word = 0;
    for (int64_t i = from; i < to; i++) {
        const uint8_t c = (uint8_t)text[i], lower = c | 0x20;
        if ((uint8_t)(lower - 'a') < 26) {
            word = word * BASE + lower;
        } else if ((uint8_t)(c - '0') < 10 || c >= 0x80) {
            word = word * BASE + c;
        } else if (word != 0) {
            words[count++] = word;
            word = 0;
        }
    }
    if (word != 0)
        words[count++] = word;
    return count;
}

/* scores[d] = how well document d, text[offsets[d] .. offsets[d + 1]), answers the query. */
void bm25(int64_t documents, const int8_t *text, const int64_t *offsets,
          int64_t query_bytes, const int8_t *query, double *scores)
{
    int64_t *terms = malloc((query_bytes / 2 + 1) * sizeof *terms);
    const int64_t asked = tokenize(0, query_bytes, query, terms, 0);

    /* The words of document d are words[starts[d] .. starts[d + 1]). */
    const int64_t most = (offsets[documents] - offsets[0] + documents) / 2 + 1;
    int64_t *words = malloc(most * sizeof *words);
    int64_t *starts = malloc((documents + 1) * sizeof *starts);
    int32_t *counts = malloc((documents + 1) * sizeof *counts);
    double *norms = malloc((documents + 1) * sizeof *norms);
    int64_t total = 0;
    for (int64_t d = 0; d < documents; d++) {
        starts[d] = total;
        total = tokenize(offsets[d], offsets[d + 1], text, words, total);
    }
    starts[documents] = total;

    const double average = (double)(total > 1 ? total : 1) / (double)documents;
    for (int64_t d = 0; d < documents; d++) {
        const double relative = (double)(starts[d + 1] - starts[d]) / average;
        norms[d] = K1 * (1.0 - B + B * relative);
        scores[d] = 0.0;
    }

    for (int64_t t = 0; t < asked; t++) {
        int64_t same = 0;
        for (int64_t s = 0; s < t; s++)
            same += terms[s] == terms[t];
        if (same > 0)
            continue;
        int64_t containing = 0;
        for (int64_t d = 0; d < documents; d++) {
            int32_t count = 0;
            for (int64_t w = starts[d]; w < starts[d + 1]; w++)
                count += words[w] == terms[t];
            counts[d] = count;
            containing += count > 0;
        }
        const double idf = log(1.0 + ((double)(documents - containing) + 0.5) / ((double)containing + 0.5));
        const double weight = idf * (K1 + 1.0);
        for (int64_t d = 0; d < documents; d++) {
            const double tf = (double)counts[d];
            scores[d] += weight * tf / (tf + norms[d]);
        }
    }
    free(norms);
    free(counts);
    free(starts);
    free(words);
    free(terms);
}
