// passes: emit-approx
// call: twice(3)
// call: thrice(3)
module {
  approx.util.annotation.transform <{func_name = "twice", transform_type = "loop_perforate", knob_val = 0 : i32}>
  func.func @twice(%n: i32) -> i32 {
    %0 = approx.knob(%n) <{QoS_in = array<i32: 1, 2>, id = 7 : i32, rf = 2 : i32, transform_types = ["loop_perforate"]}> ({
      %1 = arith.addi %n, %n : i32
      approx.yield %1 : i32
    }) : (i32) -> i32
    return %0 : i32
  }
  func.func @thrice(%n: i32) -> i32 {
    %0 = approx.knob(%n) <{id = 8 : i32}> ({
      %1 = arith.addi %n, %n : i32
      %2 = arith.addi %1, %n : i32
      approx.yield %2 : i32
    }) : (i32) -> i32
    return %0 : i32
  }
}
