// Names that the dialect does not know.
module {
  approx.util.annotation.decison_tree <{func_name = "f"}> // expect: AX036
  "approxMLIR.something_else"() : () -> () // expect: AX030, AX036
  approx.util.annotation.transform <{
    func_name = "f", transform_type = "loop_perforate", knob_val = 2 : i32,
    decisions_values = array<i32: 2>, // expect: AX036
    note = "kept", my.thresholds = array<i32: 2>, owner = "me"
  }>
  func.func @f(%x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @knobs(%n: i32, %x: f32) -> f32 {
    %0 = approx.knob(%n, %x) <{
      id = 0 : i32,
      params = {
        tresholds = array<i32: 5>, // expect: AX036
        measured = 3 : i32,
        transform_options = {seeds = 1 : i64, scheme = "trunkate"}, // expect: AX036, AX036
        decisions = array<i32: 2>, transform_type = "loop_perforate"
      }
    }> ({
      %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
        %t = arith.addf %s, %x : f32
        affine.yield %t : f32
      }
      approx.yield %sum : f32
    }) : (i32, f32) -> f32
    %1 = approx.knob(%n, %x) <{
      id = 1 : i32,
      params = "decision=0; decisions=2; transform_type=loop-perforate" // expect: AX010, AX036
    }> ({
      %sum = affine.for %i = 0 to 16 iter_args(%s = %0) -> (f32) {
        %t = arith.addf %s, %x : f32
        affine.yield %t : f32
      }
      approx.yield %sum : f32
    }) : (i32, f32) -> f32
    return %1 : f32
  }
}
