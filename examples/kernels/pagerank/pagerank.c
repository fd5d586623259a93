// PageRank as pagerank.mlir computes it exactly, operation by operation.
#include <stdint.h>
#include <stdlib.h>

void pagerank(int64_t n, int64_t iterations, double damping, const int64_t *restrict starts,
              const int32_t *restrict sources, const int32_t *restrict out_degrees, double *restrict ranks) {
  double *restrict shares = malloc((n ? n : 1) * sizeof *shares);
  if (!shares)
    abort();
  for (int64_t i = 0; i < n; i++)
    ranks[i] = 1.0 / (double)n;
  for (int64_t k = 0; k < iterations; k++) {
    double dangling = 0.0;
    for (int64_t i = 0; i < n; i++) {
      shares[i] = ranks[i] / (double)out_degrees[i];
      dangling += out_degrees[i] == 0 ? ranks[i] : 0.0;
    }
    double jump = ((1.0 - damping) + damping * dangling) / (double)n;
    for (int64_t i = 0; i < n; i++) {
      double sum = 0.0;
      for (int64_t edge = starts[i]; edge < starts[i + 1]; edge++)
        sum += shares[sources[edge]];
      ranks[i] = jump + damping * sum;
    }
  }
  free(shares);
}
