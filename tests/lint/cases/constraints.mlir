// Approx operations that the verifier rejects.
module {
  func.func private @exact(f32) -> f32
  func.func @knobs(%n: i32, %x: f32, %c: i1) -> f32 {
    %0 = approx.knob(%x) <{
      id = 0 : i64, // expect: AX035
      transform_types = 3 : i32 // expect: AX035
    }> ({
      approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}>
      approx.yield %n : i32 // expect: AX035
    }) : (f32) -> f32
    %1 = "approx.knob"(%x) <{id = 1 : i32}> ({ // expect: AX035
    ^bb0(%a: f32):
      "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32, transform_value = 0 : i32}> : () -> () // expect: AX035
      "approx.yield"(%x) : (f32) -> ()
    }) : (f32) -> f32
    %2 = approx.knob(%n, %x) <{id = 2 : i32}> ({
      approx.decision_tree(%n) <{transform_type = "loop_perforate", decisions = array<i32: 0>}> state {
      ^bb0(%s: i32):
        approx.yield %x : f32 // expect: AX035
      }
      %sum = my.op %x : f32
      approx.try(%x) <{}> check { // expect: AX035
      ^bb0(%y: f32):
        approx.yield %c : i1
      }
      // Of what this is of, nothing is known.
      approx.yield %sum : f32
    }) : (i32, f32) -> f32
    approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}> // expect: AX035
    return %2 : f32
  }
  approx.util.annotation.knob <{}> // expect: AX035
  approx.util.annotation.try <{func_name = "exact"}> // expect: AX013, AX035
  approx.util.annotation.transform <{func_name = "knobs", transform_type = "func_substitute"}> // expect: AX035
  approx.util.annotation.decision_tree <{
    func_name = "declared", // expect: AX013
    transform_options = "none", // expect: AX032
    state_indices = [0], // expect: AX035
    transform_type = "loop_perforate", state_function = "exact", decisions = array<i32: 0>}>
  func.func private @declared(i32)
  func.func @states(%n: i32) {
    approx.knob(%n) <{id = 3 : i32}> ({
      "approx.decision_tree"(%n) <{transform_type = "loop_perforate", decisions = array<i32: 0>}> ({
      ^bb0(%s: i64): // expect: AX035
        %t = arith.trunci %s : i64 to i32
        "approx.yield"(%t) : (i32) -> ()
      }) : (i32) -> ()
      approx.yield
    }) : (i32) -> ()
    return
  }
}
