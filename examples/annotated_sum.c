/* Kernels with annotations, in both formats. `approxir annotate` puts these into the module that a C front end
   such as Polygeist's cgeist makes of this file; annotated_sum.mlir is that module. */

/* The state of the first kernel: how many numbers there are. */
int length(int n) { return n; }

/* The longer the array, the more of it may be left out. */
// @approx:decision_tree {
//   transform_type: loop_perforate
//   state_function: length
//   state_indices: [-1]            // the last parameter
//   thresholds: [100, 500]
//   thresholds_lower: [0, 100]
//   thresholds_upper: [500, 1000]
//   decisions: [0, 2, 3]           // all of it, every second, every third
//   decision_values: [0, 1, 2, 3, 4]
// }
float sum_of_squares(const float *data, int n) {
  float sum = 0;
  for (int i = 0; i < n; i++)
    sum += data[i] * data[i];
  return sum;
}

/* What may be called in the place of the second kernel: approx_<function>_<decision>. */
float approx_gain_1(float x, int effort) { return x - x * x; }

#pragma approx decision_tree \
  transform_type=func_substitute \
  thresholds=[50] decisions=[1, 0]   /* without much effort, the approximation */
float gain(float x, int effort) {
  float sum = 0;
  float power = x;
  for (int k = 0; k < 64; k++) {
    sum += k % 2 ? -power : power;
    power *= x;
  }
  return sum;
}
