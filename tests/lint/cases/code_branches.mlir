// Loops to perforate and branches to keep.
module {
  approx.util.annotation.transform <{func_name = "straight", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX023
  approx.util.annotation.transform <{func_name = "also_straight", transform_type = "loop_perforate", knob_val = 1 : i32}>
  func.func @straight(%x: f32) -> f32 { return %x : f32 }
  func.func @also_straight(%x: f32) -> f32 { return %x : f32 }
  // The loop of another function does not count.
  approx.util.annotation.transform <{func_name = "calls", transform_type = "loop_perforate", transform_value = 3 : i32}> // expect: AX023
  func.func @calls() { func.call @loops() : () -> () return }
  approx.util.annotation.transform <{func_name = "loops", transform_type = "loop_perforate", knob_val = 3 : i32}>
  func.func @loops() { affine.for %i = 0 to 8 { } return }
  approx.util.annotation.transform <{func_name = "sums", transform_type = "loop_perforate", knob_val = 3 : i32}>
  func.func @sums(%a: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<f32> {
    %0 = "stablehlo.dot_general"(%a, %b) <{dot_dimension_numbers = #stablehlo.dot<lhs_contracting_dimensions = [0], rhs_contracting_dimensions = [0]>}> : (tensor<8xf32>, tensor<8xf32>) -> tensor<f32>
    return %0 : tensor<f32>
  }
  // Loops that end when something has converged have no counter.
  approx.util.annotation.transform <{func_name = "converges", transform_type = "loop_perforate", knob_val = 3 : i32}> // expect: AX023
  func.func @converges(%x: f32, %limit: f32) -> f32 {
    %0 = scf.while (%e = %x) : (f32) -> f32 {
      %c = arith.cmpf ogt, %e, %limit : f32
      scf.condition(%c) %e : f32
    } do {
    ^bb0(%e: f32):
      %h = arith.mulf %e, %e : f32
      scf.yield %h : f32
    }
    return %0 : f32
  }
  approx.util.annotation.transform <{func_name = "counts", transform_type = "loop_perforate", knob_val = 3 : i32}>
  func.func @counts(%n: i32, %one: i32) -> i32 {
    %0 = scf.while (%i = %n) : (i32) -> i32 {
      %c = arith.cmpi slt, %i, %n : i32
      scf.condition(%c) %i : i32
    } do {
    ^bb0(%i: i32):
      %h = arith.addi %i, %one : i32
      scf.yield %h : i32
    }
    return %0 : i32
  }
  func.func @knobs(%n: i32, %x: f32, %c: i1) -> f32 {
    affine.for %i = 0 to 8 { }
    %0 = approx.knob(%n) <{id = 0 : i32, transform_types = ["loop_perforate"]}> ({
      approx.decision_tree(%n) <{
        thresholds = array<i32: 5>,
        decisions = array<i32: 0,
          2 // expect: AX023
        >}> state {
      ^bb0(%s: i32):
        affine.for %i = 0 to 8 { }
        approx.yield %s : i32
      }
      approx.yield %x : f32
    }) : (i32) -> f32
    %1 = approx.knob(%n) <{id = 1 : i32, params = "thresholds=5; decisions=0,2; transform_type=loop_perforate"}> ({
      affine.for %i = 0 to 8 { }
      approx.yield %x : f32
    }) : (i32) -> f32
    %2 = approx.knob(%n) <{id = 2 : i32, params =
      "decision_values=0,2; decisions=0; transform_type=loop_perforate" // expect: AX023
    }> ({
      approx.yield %x : f32
    }) : (i32) -> f32
    %3 = approx.knob(%c) <{id = 3 : i32}> ({
      approx.transform <{transform_type = "task_skipping", knob_val = 2 : i32}>
      %r = scf.if %c -> (f32) {
        scf.yield %0 : f32
      } else {
        scf.yield %1 : f32
      }
      approx.yield %r : f32
    }) : (i1) -> f32
    %4 = approx.knob(%c) <{id = 4 : i32}> ({
      approx.transform <{transform_type = "task_skipping", knob_val = 3 : i32}> // expect: AX027
      %r = scf.if %c -> (f32) {
        scf.yield %2 : f32
      } else {
        scf.yield %3 : f32
      }
      approx.yield %r : f32
    }) : (i1) -> f32
    return %4 : f32
  }

  // Branches.
  approx.util.annotation.transform <{func_name = "no_branch", transform_type = "task_skipping", knob_val = 1 : i32}> // expect: AX027
  func.func @no_branch(%x: f32) -> f32 { return %x : f32 }
  approx.util.annotation.transform <{func_name = "all_or_nothing", transform_type = "task_skipping", knob_val = 0 : i32}>
  func.func @all_or_nothing() { return }
  approx.util.annotation.transform <{func_name = "half", transform_type = "task_skipping", knob_val = 2 : i32}> // expect: AX027
  func.func @half(%c: i1) { scf.if %c { } return }
  approx.util.annotation.decision_tree <{func_name = "chain", transform_type = "task_skipping", state_function = "state", state_indices = array<i64: 0>, thresholds = array<i32: 5>, decisions = array<i32: 0, 3>, // expect: AX026
    decision_values = array<i32: 0, 1, 2, 3>}>
  func.func private @state(i32) -> i32
  func.func @chain(%n: i32, %c: i1, %x: f32) -> f32 {
    %r = scf.if %c -> (f32) {
      scf.yield %x : f32
    } else {
      %s = scf.if %c -> (f32) {
        scf.yield %x : f32
      } else {
        scf.yield %x : f32
      }
      scf.yield %s : f32
    }
    return %r : f32
  }
  approx.util.annotation.decision_tree <{func_name = "switch", state_function = "state", state_indices = array<i64: 0>, params = {transform_type = "task_skipping", thresholds = array<i32: 5>, decisions = array<i32: 1, 3>,
    decision_values = array<i32: 1, 2, 3,
      4> // expect: AX027
  }}>
  func.func @switch(%n: i32, %i: index, %x: f32) -> f32 {
    %r = scf.index_switch %i -> f32
    case 0 {
      scf.yield %x : f32
    }
    case 1 {
      scf.yield %x : f32
    }
    default {
      scf.yield %x : f32
    }
    return %r : f32
  }
  // Zeros that are meant, and branches that yield nothing.
  approx.util.annotation.transform <{func_name = "meant", transform_type = "task_skipping", knob_val = 0 : i32, transform_options = {default = 1.0 : f32}}>
  func.func @meant(%c: i1, %x: f32) -> f32 {
    %r = scf.if %c -> (f32) {
      scf.yield %x : f32
    } else {
      scf.yield %x : f32
    }
    return %r : f32
  }
  approx.util.annotation.transform <{func_name = "silent", transform_type = "task_skipping", knob_val = 0 : i32}>
  func.func @silent(%c: i1, %x: f32, %m: memref<1xf32>) {
    %z = arith.constant 0 : index
    scf.if %c {
      memref.store %x, %m[%z] : memref<1xf32>
    }
    return
  }
}
