// Similarities of documents to a query as kb.mlir computes them exactly, operation by operation.
#include <math.h>
#include <stdint.h>

static double square_sum(int64_t first, int64_t end, const double *numbers, double before) {
  double sum = before;
  for (int64_t j = first; j < end; j++)
    sum += numbers[j] * numbers[j];
  return sum;
}

void kb(int64_t documents, int64_t dimensions, int64_t digits, const int8_t *restrict text,
        const int64_t *restrict starts, const double *restrict query, double *restrict similarities) {
  int64_t scale = 1;
  for (int64_t k = 0; k < digits; k++)
    scale *= 10;
  double query_square = square_sum(0, dimensions, query, 0.0);
  for (int64_t i = 0; i < documents; i++) {
    const int8_t *at = text + starts[i];
    double dot = 0.0, square = 0.0;
    for (int64_t j = 0; j < dimensions; j++) {
      int64_t negative = *at++ == '-';
      int64_t mantissa = 0;
      for (; *at != '.'; at++)
        mantissa = mantissa * 10 + (*at - '0');
      at++;
      for (int64_t k = 0; k < digits; k++)
        mantissa = mantissa * 10 + (*at++ - '0');
      at++;
      // -mantissa for a negative number, without a branch that nothing predicts.
      double x = (double)((mantissa ^ -negative) + negative) / (double)scale;
      dot += x * query[j];
      square += x * x;
    }
    double product = square * query_square;
    similarities[i] = product > 0.0 ? dot / sqrt(product) : 0.0;
  }
}
