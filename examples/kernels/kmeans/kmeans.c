// K-means in C: the yardstick for the exact code of kmeans.mlir, with the same floating-point operations in
// the same order.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// The squares are added up in four sums, so that they need not wait for one another.
static float distance(int64_t d, const float *point, const float *centre) {
    float sums[4] = {0};
    for (int64_t j = 0; j < d; j += 4)
        for (int l = 0; l < 4; l++) {
            float difference = point[j + l] - centre[j + l];
            sums[l] += difference * difference;
        }
    return (sums[0] + sums[2]) + (sums[1] + sums[3]);
}

// The search begins with the centre `first` and goes round once.
static int32_t nearest(int64_t first, int64_t k, int64_t d, const float *point, const float *centres) {
    float best = INFINITY;
    int64_t label = first;
    for (int64_t t = 0; t < k; t++) {
        int64_t c = first + t < k ? first + t : first + t - k;
        float found = distance(d, point, centres + c * d);
        if (found < best) {
            best = found;
            label = c;
        }
    }
    return (int32_t)label;
}

// The number of coordinates, d, is a multiple of four.
void kmeans(int64_t n, int64_t k, int64_t d, int64_t iterations, const float *restrict points,
            const float *restrict initial, float *restrict centres) {
    float *restrict sums = malloc(sizeof(float) * k * d);
    int32_t *restrict counts = malloc(sizeof(int32_t) * k);
    int32_t *restrict labels = malloc(sizeof(int32_t) * n);
    memcpy(centres, initial, sizeof(float) * k * d);
    for (int64_t i = 0; i < n; i++)
        labels[i] = (int32_t)(i % k);
    for (int64_t iteration = 0; iteration < iterations; iteration++) {
        memset(sums, 0, sizeof(float) * k * d);
        memset(counts, 0, sizeof(int32_t) * k);
        for (int64_t i = 0; i < n; i++) {
            const float *point = points + i * d;
            int32_t label = nearest(labels[i], k, d, point, centres);
            labels[i] = label;
            counts[label]++;
            for (int64_t j = 0; j < d; j++)
                sums[label * d + j] += point[j];
        }
        for (int64_t c = 0; c < k; c++)
            if (counts[c] > 0)
                for (int64_t j = 0; j < d; j++)
                    centres[c * d + j] = sums[c * d + j] / (float)counts[c];
    }
    free(labels);
    free(counts);
    free(sums);
}
