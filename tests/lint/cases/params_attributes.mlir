// Params as separate attributes, on annotations and on operations, in both forms.
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "f1", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>,
    num_thresholds = 3 : i32,
    thresholds = array<i32: 5,
      5, // expect: AX001, AX008
      4>, // expect: AX001
    thresholds_lowers = array<i32: 1, 1, 4>,
    thresholds_uppers = array<i32: 40, 40, 40>,
    decisions = array<i32: 0, 2, 3, 4>
  }> : () -> ()
  approx.util.annotation.decision_tree <{
    func_name = "f2", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>,
    num_thresholds = 2 : i32, // expect: AX003
    thresholds = array<i32: 5>,
    decisions = array<i32: 0, 2, 4> // expect: AX002
  }>
  approx.util.annotation.decision_tree {
    func_name = "f3", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 5, 10>,
    thresholds_lowers = array<i32: 1>, // expect: AX004
    thresholds_uppers = array<i32: 9, 19, 29>, // expect: AX004
    decisions = [0 : i32, 2 : i32, // expect: AX035
      2 : i32] // expect: AX008
  }
  // Bounds on one side only, bounds that are reached, and one decision without thresholds are all right.
  "approx.util.annotation.decision_tree"() {
    func_name = "f4", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: -5, 10>, thresholds_lowers = array<i32: -5, 10>, decisions = array<i32: 0, 2, 0>
  } : () -> ()
  "approx.util.annotation.decision_tree"() <{
    func_name = "f5", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>,
    num_thresholds = 0 : i32, thresholds = array<i32>, decisions = array<i32: 2>
  }> : () -> ()
  // Thresholds without decisions; a number without either, and nothing at all.
  "approx.util.annotation.decision_tree"() <{
    func_name = "f6", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 5, 10> // expect: AX002
  }> : () -> ()
  "approx.util.annotation.decision_tree"() <{ // expect: AX002
    func_name = "f7", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>,
    num_thresholds = 1 : i32
  }> : () -> ()
  "approx.util.annotation.decision_tree"() <{ // expect: AX002
    func_name = "f20", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>
  }> : () -> ()
  // Without thresholds there is nothing to compare bounds and numbers to.
  "approx.util.annotation.decision_tree"() <{
    func_name = "f21", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>,
    num_thresholds = 1 : i32, thresholds_lowers = array<i32: 1>, thresholds_uppers = array<i32: 9>,
    decisions = array<i32: 0, 2> // expect: AX002
  }> : () -> ()
  // A type that is not a number breaks a constraint, and what is no number is AX032's concern.
  "approx.util.annotation.decision_tree"() <{
    func_name = "f8", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>,
    num_thresholds = "3", // expect: AX035
    thresholds = "5, 4", // expect: AX032
    decisions = array<i32: 0, 2, 2>
  }> : () -> ()
  approx.util.annotation.transform <{
    func_name = "f9", transform_type = "loop_perforate",
    knob_val = 3 : i32, // expect: AX007
    decision_values = array<i32: 0, 2,
      -4> // expect: AX034
  }>
  approx.util.annotation.transform <{
    func_name = "f10", transform_type = "loop_perforate",
    transform_value = -1 : i32 // expect: AX034
  }>
  func.func @f11(%n: i32, %x: f32) -> f32 {
    %0 = "approx.knob"(%n, %x) <{id = 0 : i32}> ({
      "approx.decide"(%n) <{
        transform_type = "loop_perforate",
        thresholds = array<i32: 5>,
        thresholds_lowers = array<i32:
          41>, // expect: AX005
        thresholds_uppers = array<i32: 40>,
        decision_values = array<i32: 0, 2>,
        decisions = array<i32: 0,
          3> // expect: AX007
      }> ({
      ^bb0(%s: i32):
        "approx.yield"(%s) : (i32) -> ()
      }) : (i32) -> ()
      %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
        %t = arith.addf %s, %x : f32
        affine.yield %t : f32
      }
      "approx.yield"(%sum) : (f32) -> ()
    }) : (i32, f32) -> f32
    return %0 : f32
  }
  func.func @f1(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @f2(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @f3(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @f4(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @f5(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @f6(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @f7(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @f20(%n: i32) { affine.for %i = 0 to 8 { } return }
  func.func @f21(%n: i32) { affine.for %i = 0 to 8 { } return }
  func.func @f8(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @f9(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @f10(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
}
