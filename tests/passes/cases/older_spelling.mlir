// passes: emit-approx,emit-management,config-approx,transform-approx,finalize-approx
// call: g(4)
// call: g(5)
module {
  func.func @g(%x: i32) -> i32 {
    %r = "approxMLIR.knob"(%x) <{QoS_in = array<i32>, QoS_out = array<i32>, id = 3 : i32, rf = 0 : i32}> ({
      "approxMLIR.decide"(%x) <{decision_values = array<i32: 0, 1>, decisions = array<i32: 1, 2>, num_thresholds = 1 : i32, thresholds = array<i32: 5>, thresholds_lowers = array<i32: 0>, thresholds_uppers = array<i32: 9>, transform_type = "task_skipping"}> ({
      ^bb0(%s: i32):
        "approxMLIR.yield"(%s) : (i32) -> ()
      }) : (i32) -> ()
      %zero = arith.constant 0 : i32
      %c = arith.cmpi slt, %x, %zero : i32
      %v = "scf.if"(%c) ({
        "scf.yield"(%zero) : (i32) -> ()
      }, {
        "scf.yield"(%x) : (i32) -> ()
      }) : (i1) -> i32
      "approxMLIR.yield"(%v) : (i32) -> ()
    }) : (i32) -> i32
    return %r : i32
  }
}
