// The kernels of kernels.mlir as plain C, for the system's compiler.
#include <math.h>
#include <stdint.h>

void saxpy(int64_t n, float a, const float *x, float *y) {
    for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
}

double dot(int64_t n, const double *x, const double *y) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i] * y[i];
    return sum;
}

int32_t count_above(int64_t n, const int32_t *x, int32_t limit) {
    int32_t count = 0;
    for (int64_t i = 0; i < n; i++) count += x[i] > limit;
    return count;
}

void matmul(int64_t n, const float *a, const float *b, float *c) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++)
            for (int64_t j = 0; j < n; j++) c[i * n + j] += a[i * n + k] * b[k * n + j];
}

void jacobi(int64_t n, const float *a, float *b) {
    for (int64_t i = 1; i < n - 1; i++)
        for (int64_t j = 1; j < n - 1; j++)
            b[i * n + j] = 0.25f * (a[(i - 1) * n + j] + a[(i + 1) * n + j] + a[i * n + j - 1] + a[i * n + j + 1]);
}

void histogram(int64_t n, const int32_t *x, int32_t *counts) {
    for (int64_t i = 0; i < n; i++) counts[x[i]]++;
}

// Potentials of particles in the plane.
void potential(int64_t n, const float *x, const float *y, const float *q, float *v) {
    for (int64_t i = 0; i < n; i++) {
        float sum = 0;
        for (int64_t j = 0; j < n; j++) {
            float dx = x[i] - x[j], dy = y[i] - y[j];
            sum += q[j] / sqrtf(dx * dx + dy * dy + 1e-3f);
        }
        v[i] = sum;
    }
}

// A sparse matrix in compressed rows times a vector.
void spmv(int64_t n, const int32_t *starts, const int32_t *columns, const double *values, const double *x, double *y) {
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int32_t k = starts[i]; k < starts[i + 1]; k++) sum += values[k] * x[columns[k]];
        y[i] = sum;
    }
}

void exponential(int64_t n, const float *x, float *y) {
    for (int64_t i = 0; i < n; i++) y[i] = expf(x[i]);
}

// The nearest of k centres for each of n points of d coordinates.
void nearest(int64_t n, int64_t k, int64_t d, const float *points, const float *centres, int32_t *labels) {
    for (int64_t i = 0; i < n; i++) {
        float best = INFINITY;
        int32_t label = 0;
        for (int64_t c = 0; c < k; c++) {
            float distance = 0;
            for (int64_t j = 0; j < d; j++) {
                float difference = points[i * d + j] - centres[c * d + j];
                distance += difference * difference;
            }
            if (distance < best) {
                best = distance;
                label = (int32_t)c;
            }
        }
        labels[i] = label;
    }
}
