// LavaMD in C: the yardstick for the exact code of lavamd.mlir, with the same floating-point operations in the
// same order.
#include <math.h>
#include <stdint.h>

typedef struct {
    float v, x, y, z;
} Field;

// What the particles from `begin` to `end` do to one with charge 1 at x, y, z.
static Field particles(float x, float y, float z, int64_t begin, int64_t end, const float *xs, const float *ys,
                       const float *zs, const float *charges) {
    Field sum = {0, 0, 0, 0};
    for (int64_t j = begin; j < end; j++) {
        float dx = x - xs[j], dy = y - ys[j], dz = z - zs[j];
        float v = charges[j] * expf(-0.5f * (dx * dx + dy * dy + dz * dz));
        sum.v += v;
        sum.x += v * dx;
        sum.y += v * dy;
        sum.z += v * dz;
    }
    return sum;
}

static inline int64_t first(int64_t b) { return b > 0 ? b - 1 : 0; }

static inline int64_t behind(int64_t b, int64_t side) { return b + 2 < side ? b + 2 : side; }

void lavamd(int64_t side, int64_t size, const float *restrict xs, const float *restrict ys,
            const float *restrict zs, const float *restrict charges, float *restrict fields) {
    for (int64_t bx = 0; bx < side; bx++)
        for (int64_t by = 0; by < side; by++)
            for (int64_t bz = 0; bz < side; bz++) {
                int64_t own = (bx * side + by) * side + bz;
                for (int64_t i = own * size; i < (own + 1) * size; i++) {
                    Field sum = particles(xs[i], ys[i], zs[i], own * size, (own + 1) * size, xs, ys, zs, charges);
                    for (int64_t nx = first(bx); nx < behind(bx, side); nx++)
                        for (int64_t ny = first(by); ny < behind(by, side); ny++)
                            for (int64_t nz = first(bz); nz < behind(bz, side); nz++) {
                                int64_t box = (nx * side + ny) * side + nz;
                                if (box == own)
                                    continue;
                                Field from = particles(xs[i] + (float)(bx - nx), ys[i] + (float)(by - ny),
                                                       zs[i] + (float)(bz - nz), box * size, (box + 1) * size,
                                                       xs, ys, zs, charges);
                                sum.v += from.v;
                                sum.x += from.x;
                                sum.y += from.y;
                                sum.z += from.z;
                            }
                    fields[4 * i] = charges[i] * sum.v;
                    fields[4 * i + 1] = charges[i] * sum.x;
                    fields[4 * i + 2] = charges[i] * sum.y;
                    fields[4 * i + 3] = charges[i] * sum.z;
                }
            }
}
