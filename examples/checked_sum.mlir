// Adding up n numbers: from 100 on every second one will do, unless the result is not plausible.
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate", state_function = "length",
    state_indices = array<i64: 0>, thresholds = array<i32: 100>, decisions = array<i32: 0, 2>
  }> : () -> ()
  "approx.util.annotation.try"() <{
    func_name = "sum", checker = "plausible", recover = "mean"
  }> : () -> ()

  // How much there is to do.
  func.func private @length(%n: i32) -> i32 {
    return %n : i32
  }

  func.func private @plausible(%result: f32, %n: i32, %data: memref<?xf32>) -> i1 {
    %zero = arith.constant 0.000000e+00 : f32
    %ok = arith.cmpf oge, %result, %zero : f32
    return %ok : i1
  }

  func.func private @mean(%n: i32, %data: memref<?xf32>) -> f32 {
    %one = arith.constant 1.000000e+00 : f32
    return %one : f32
  }

  func.func @sum(%n: i32, %data: memref<?xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %end = arith.index_cast %n : i32 to index
    %sum = scf.for %i = %c0 to %end step %c1 iter_args(%partial = %zero) -> (f32) {
      %x = memref.load %data[%i] : memref<?xf32>
      %next = arith.addf %partial, %x : f32
      scf.yield %next : f32
    }
    return %sum : f32
  }
}
