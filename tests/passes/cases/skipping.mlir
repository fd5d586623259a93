// passes: emit-approx,emit-management,config-approx,transform-approx,finalize-approx
// call: s(0, 2.5)
// call: s(1, 2.5)
// call: s(2, 2.5)
// call: s(3, 2.5)
// call: s(4, 2.5)
module {
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  approx.util.annotation.decision_tree <{func_name = "s", state_function = "state", state_indices = array<i64: 0>, transform_type = "task_skipping", thresholds = array<i32: 1, 2, 3>, decisions = array<i32: 0, 1, 2, 3>, transform_options = {default = [5 : i32, -1.500000e+00]}}>
  func.func @s(%n: i32, %x: f32) -> (i32, f32) {
    %one = arith.constant 1 : i32
    %c = arith.cmpi eq, %n, %one : i32
    %d = arith.cmpi sgt, %n, %one : i32
    %y = scf.if %c -> (f32) {
      %a = arith.addf %x, %x : f32
      scf.yield %a : f32
    } else {
      %b = scf.if %d -> (f32) {
        scf.yield %x : f32
      } else {
        %e = arith.negf %x : f32
        scf.yield %e : f32
      }
      scf.yield %b : f32
    }
    return %n, %y : i32, f32
  }
}
