// The sum of the squares of n numbers, with a knob: the more numbers there are, the more of the loop's
// iterations may be left out. From 100 numbers on every second one is taken, from 500 on every third.
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum_of_squares",
    transform_type = "loop_perforate",
    state_function = "length",
    state_indices = array<i64: 0>,
    num_thresholds = 2 : i32,
    thresholds = array<i32: 100, 500>,
    thresholds_lowers = array<i32: 0, 100>,
    thresholds_uppers = array<i32: 500, 1000>,
    decisions = array<i32: 0, 2, 3>,
    decision_values = array<i32: 0, 1, 2, 3, 4>
  }> : () -> ()

  // The state that the decision is made on.
  func.func private @length(%n: i32) -> i32 {
    return %n : i32
  }

  func.func @sum_of_squares(%n: i32, %data: memref<?xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %end = arith.index_cast %n : i32 to index
    %sum = scf.for %i = %c0 to %end step %c1 iter_args(%partial = %zero) -> (f32) {
      %x = memref.load %data[%i] : memref<?xf32>
      %square = arith.mulf %x, %x : f32
      %next = arith.addf %partial, %square : f32
      scf.yield %next : f32
    }
    return %sum : f32
  }
}
