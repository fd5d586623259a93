func.func @knobbed(%n: i32, %a: memref<?xf32>) -> f32 {
  %r = approx.knob(%n, %a) <{id = 1 : i32, transform_types = ["loop_perforate"]}> ({
    approx.decision_tree(%n) <{num_thresholds = 1 : i32, thresholds = array<i32: 5>}> state {
    ^bb0(%x: i32):
      approx.yield %x : i32
    }
    approx.transform <{transform_type = "loop_perforate", knob_val = 2 : i32}>
    %sum = arith.constant 0.0 : f32
    approx.try(%n) <{recover = "exact"}> check {
    ^bb0(%y: i32):
      %ok = arith.constant true
      approx.yield %ok : i1
    }
    approx.yield %sum : f32
  }) : (i32, memref<?xf32>) -> f32
  approx.util.annotation.decision_tree <{func_name = "f", thresholds = array<i32: 1>}>
  approxMLIR.util.annotation.convert_to_call {func_name = "f"}
  return %r : f32
}
