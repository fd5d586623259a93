// Annotated functions, their state functions and the arguments that these get.
!number = i32
module {
  // Declared only, in both forms of the text.
  "approx.util.annotation.convert_to_call"() <{func_name = "declared"}> : () -> () // expect: AX013
  func.func private @declared(i32)
  approxMLIR.util.annotation.convert_to_call <{ // expect: AX030
    func_name = @"declared too" // expect: AX013
  }>
  "func.func"() <{function_type = () -> (), sym_name = "declared too", sym_visibility = "private"}> ({
  }) : () -> ()
  llvm.func @printf(!llvm.ptr, ...) -> i32
  approx.util.annotation.convert_to_call <{func_name = "printf"}> // expect: AX013
  // Nothing else is said of what is only declared.
  approx.util.annotation.decision_tree <{func_name = "declared once more", // expect: AX013
    transform_type = "loop_perforate", state_function = "nobody", state_indices = array<i64: 7>,
    thresholds = array<i32: 1>, decisions = array<i32: 2, 4>}>
  func.func private @"declared once more"(i32)

  func.func private @state(i32) -> i32
  func.func private @tensor_state(tensor<i32>) -> tensor<i32>
  func.func private @element_state(tensor<i32>) -> tensor<1x1xi32>
  func.func private @alias_state(!number) -> !number
  func.func private @long_state(i64) -> i32
  func.func private @pair_state(i32, f32) -> i32
  func.func private @float_state(i32) -> f32
  func.func private @vector_state(i32) -> tensor<2xi32>
  func.func private @nothing_state(i32)
  func.func private @"a state"(i32) -> i32
  func.func private @no_state() -> i32
  llvm.func @foreign_state(i64) -> i64
  memref.global @cell : memref<1xi32>

  approx.util.annotation.decision_tree <{func_name = "f1", transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>, thresholds = array<i32: 5>, decisions = array<i32: 0, 2>}>
  approx.util.annotation.decision_tree <{func_name = "@f2", state_function = "@state", state_indices = array<i64: -4>, params = {transform_type = "loop_perforate", thresholds = array<i32: 5>, decisions = array<i32: 0, 2>}}>
  "approx.util.annotation.decision_tree"() <{func_name = "f3", runtime = "@\22a state\22", state_indices = array<i64: 0>, params = "thresholds=5; decisions=0,2; transform_type=loop_perforate"}> : () -> ()
  approx.util.annotation.decision_tree <{func_name = "f4", transform_type = "loop_perforate", state_function = @foreign_state, state_indices = array<i64: 0>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{func_name = "f5", transform_type = "loop_perforate", state_function = "element_state", state_indices = array<i64: 3>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{func_name = "f6", transform_type = "loop_perforate", state_function = "tensor_state", state_indices = array<i64: -1>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{func_name = "f7", transform_type = "loop_perforate", state_function = "alias_state", state_indices = array<i64: 0>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{func_name = "f8", transform_type = "loop_perforate", state_function = "pair_state", state_indices = array<i64: 0, 1>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{func_name = "f9", transform_type = "loop_perforate", state_function = "no_state", state_indices = array<i64>, decisions = array<i32: 2>}>

  approx.util.annotation.decision_tree <{
    func_name = "g1", transform_type = "loop_perforate",
    state_function = "stat", // expect: AX015
    state_indices = array<i64: 0>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{
    func_name = "g2", transform_type = "loop_perforate",
    runtime = "cell", // expect: AX015
    state_indices = array<i64: 0>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{
    func_name = "g3", transform_type = "loop_perforate",
    state_function = "long_state", // expect: AX016
    state_indices = array<i64: 0>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{
    func_name = "g4", transform_type = "loop_perforate",
    state_function = @state, // expect: AX016
    state_indices = array<i64: 0, 1>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{
    func_name = "g5", transform_type = "loop_perforate",
    state_function = "float_state", // expect: AX016
    state_indices = array<i64: 0>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{
    func_name = "g6", transform_type = "loop_perforate",
    state_function = "vector_state", // expect: AX016
    state_indices = array<i64: -4>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{
    func_name = "g7", transform_type = "loop_perforate",
    state_function = "nothing_state", // expect: AX016
    state_indices = array<i64: 0>, decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{
    func_name = "g8", transform_type = "loop_perforate",
    state_function = "pair_state",
    state_indices = array<i64: 0,
      4>, // expect: AX017
    decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{
    func_name = "g9", transform_type = "loop_perforate",
    state_function = "long_state",
    state_indices = array<i64:
      -5, // expect: AX017
      1,
      9>, // expect: AX017
    decisions = array<i32: 2>}>

  // What an annotation has to say.
  approx.util.annotation.decision_tree <{ // expect: AX015
    func_name = "h1", transform_type = "loop_perforate", decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{ // expect: AX015
    func_name = "h2", transform_type = "loop_perforate", state_function = "state", decisions = array<i32: 2>}>
  approx.util.annotation.decision_tree <{
    func_name = "h3", transform_type = "loop_perforate", state_function = "no_state", decisions = array<i32: 2>}>
  func.func @h1(%n: i32) { affine.for %i = 0 to 8 { } return }
  func.func @h2(%n: i32) { affine.for %i = 0 to 8 { } return }
  func.func @h3(%n: i32) { affine.for %i = 0 to 8 { } return }

  func.func @f1(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @f2(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @f3(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @f4(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @f5(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @f6(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @f7(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @f8(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @f9(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @g1(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @g2(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @g3(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @g4(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @g5(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @g6(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @g7(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @g8(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }
  func.func @g9(%n: i32, %x: f32, %m: memref<8xf32>, %t: tensor<i32>) { affine.for %i = 0 to 8 { } return }

  // Operations in a knob name it for the record; their state region makes its own call.
  func.func @knobs(%n: i32, %x: f32) -> f32 {
    %0 = approx.knob(%n) <{id = 0 : i32}> ({
      approx.decide(%n) <{transform_type = "loop_perforate", decisions = array<i32: 0>,
        runtime = "stat" // expect: AX015
      }> state {
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      approx.yield %x : f32
    }) : (i32) -> f32
    %1 = approx.knob(%n) <{id = 1 : i32}> ({
      approx.decision_tree(%n) <{transform_type = "loop_perforate", decisions = array<i32: 0>, runtime = "long_state"}> state {
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      approx.yield %0 : f32
    }) : (i32) -> f32
    return %1 : f32
  }

  // Annotations that exclude each other, wherever they stand.
  approx.util.annotation.transform <{func_name = "twice", transform_type = "loop_perforate", knob_val = 2 : i32}>
  module @inner {
    approx.util.annotation.transform <{
      func_name = "@twice", // expect: AX014
      transform_type = "loop_perforate", knob_val = 2 : i32}>
    approx.util.annotation.decision_tree <{
      func_name = @twice, // expect: AX014
      transform_type = "loop_perforate", state_function = "state", state_indices = array<i64: 0>, decisions = array<i32: 2>}>
  }
  approx.util.annotation.knob <{func_name = "twice"}>
  func.func @twice(%n: i32) { affine.for %i = 0 to 8 { } return }
}
