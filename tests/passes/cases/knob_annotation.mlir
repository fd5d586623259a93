// passes: emit-approx
// call: twice(3)
// call: thrice(3)
module {
  approx.util.annotation.transform <{func_name = "twice", transform_type = "loop_perforate", knob_val = 0 : i32}>
  approx.util.annotation.knob <{func_name = "twice", id = 7 : i32, rf = 2 : i32, QoS_in = array<i32: 1, 2>, transform_types = ["loop_perforate"]}>
  approx.util.annotation.knob <{func_name = "thrice"}>
  func.func @twice(%n: i32) -> i32 {
    %0 = arith.addi %n, %n : i32
    return %0 : i32
  }
  func.func @thrice(%n: i32) -> i32 {
    %0 = arith.addi %n, %n : i32
    %1 = arith.addi %0, %n : i32
    return %1 : i32
  }
}
