// Which transform: unknown ones, none at all, and ones that a knob is not for.
module {
  "approx.util.annotation.transform"() <{func_name = "f1", transform_type = "perforate_loops", knob_val = 0 : i32}> : () -> () // expect: AX010
  "approx.util.annotation.transform"() <{func_name = "f2", transform_type = "task-skip", knob_val = 0 : i32}> : () -> () // expect: AX010
  "approx.util.annotation.transform"() <{func_name = "f3", knob_val = 0 : i32}> : () -> () // expect: AX035
  "approx.util.annotation.decision_tree"() <{func_name = "f4", state_function = "state", state_indices = array<i64: 0>, decisions = array<i32: 0>}> : () -> () // expect: AX010
  // A name of the wrong type is the verifier's and AX032's business.
  "approx.util.annotation.transform"() <{
    func_name = "f5",
    transform_type = 5 : i32, // expect: AX032
    knob_val = 0 : i32
  }> : () -> ()
  // A knob that says which transform says it for what stands in it.
  func.func @knobs(%n: i32, %x: f32) -> f32 {
    %0 = approx.knob(%n) <{id = 0 : i32, params = {transform_type = "loop_perforate"}}> ({
      approx.decide(%n) <{decisions = array<i32: 0>}> state {
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      approx.yield %x : f32
    }) : (i32) -> f32
    %1 = approx.knob(%n) <{id = 1 : i32, transform_types = ["loop_perforate"]}> ({
      approx.decide(%n) <{decisions = array<i32: 0>}> state {
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      approx.yield %x : f32
    }) : (i32) -> f32
    %2 = approx.knob(%n) <{id = 2 : i32, transform_types = ["loop_perforate", "task_skipping"]}> ({
      approx.decide(%n) <{decisions = array<i32: 0>}> state { // expect: AX010
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      approx.yield %x : f32
    }) : (i32) -> f32
    %3 = approx.knob(%n) <{id = 3 : i32, transform_types = [
      "loop_perforate",
      "loop-perforate", // expect: AX010
      "unroll" // expect: AX010
    ]}> ({
      approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}>
      approx.yield %x : f32
    }) : (i32) -> f32
    %4 = approx.knob(%n) <{id = 4 : i32, transform_types = "task_skipping"}> ({
      approx.transform <{
        transform_type = "loop_perforate", // expect: AX011
        knob_val = 0 : i32
      }>
      approx.yield %x : f32
    }) : (i32) -> f32
    %5 = approx.knob(%n) <{id = 5 : i32, transform_types = ["task_skipping"], params =
      "transform_type=loop_perforate; decisions=0" // expect: AX011
    }> ({
      approx.yield %x : f32
    }) : (i32) -> f32
    %6 = approx.knob(%n) <{id = 6 : i32, transform_types = []}> ({
      approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}> // expect: AX011
      approx.yield %x : f32
    }) : (i32) -> f32
    // Those of a knob further out do not count.
    %7 = approx.knob(%n) <{id = 7 : i32, transform_types = ["loop_perforate"]}> ({
      approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}>
      %8 = approx.knob(%n) <{id = 8 : i32}> ({
        approx.transform <{transform_type = "task_skipping", knob_val = 0 : i32}>
        approx.yield %x : f32
      }) : (i32) -> f32
      approx.yield %8 : f32
    }) : (i32) -> f32
    return %7 : f32
  }
  func.func @f1() { return }
  func.func @f2() { return }
  func.func @f3() { return }
  func.func @f4(%n: i32) { return }
  func.func @f5() { return }
  func.func @state(%n: i32) -> i32 { return %n : i32 }
}
