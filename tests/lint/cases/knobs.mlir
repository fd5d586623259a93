// Knobs with one id, in functions and modules of their own.
module {
  "approx.util.annotation.knob"() <{func_name = "asked", id = 3 : i32}> : () -> () // expect: AX029
  "approx.util.annotation.knob"() <{func_name = "again", id = 3 : i32}> : () -> () // expect: AX009, AX029
  func.func @asked() {
    return
  }
  func.func @again() {
    return
  }
  func.func @f(%x: f32) -> f32 {
    %0 = approx.knob(%x) <{id = 7 : i32}> ({
      "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
      approx.yield %x : f32
    }) : (f32) -> f32
    return %0 : f32
  }
  module @inner {
    func.func @g(%x: f32) -> f32 {
      %0 = "approx.knob"(%x) <{id = 7 : i32}> ({ // expect: AX009
        "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
        "approx.yield"(%x) : (f32) -> ()
      }) : (f32) -> f32
      %1 = "approxMLIR.knob"(%x) <{id = 7 : i32}> ({ // expect: AX009, AX030
        "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
        "approxMLIR.yield"(%x) : (f32) -> () // expect: AX030
      }) : (f32) -> f32
      return %1 : f32
    }
  }
}
