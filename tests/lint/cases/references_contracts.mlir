// Checkers, recover functions and substitutes.
module {
  func.func private @check(f32, i32) -> i1
  func.func private @tensor_check(f32, i32) -> tensor<i1>
  func.func private @check_backwards(i32, f32) -> i1
  func.func private @check_number(f32, i32) -> i32
  func.func private @exact(i32) -> f32
  func.func private @exact_long(i64) -> f32
  func.func private @exact_pair(i32) -> (f32, f32)

  approx.util.annotation.try <{func_name = "f1", checker = "check", recover = "exact"}>
  approx.util.annotation.try <{func_name = "f2", checker = @tensor_check, recover = "@exact"}>
  // The copy that the passes make of a function is there for those that are converted.
  approx.util.annotation.convert_to_call <{func_name = "f3"}>
  approx.util.annotation.try <{func_name = "f3", checker = "check", recover = "__internal_f3"}>
  approx.util.annotation.try <{
    func_name = "f4",
    checker = "chek", // expect: AX018
    recover = "__internal_f4" // expect: AX018
  }>
  approx.util.annotation.try <{
    func_name = "f5",
    checker = "check_backwards", // expect: AX019
    recover = "exact_long" // expect: AX019
  }>
  approx.util.annotation.try <{
    func_name = "f6",
    checker = "check_number", // expect: AX019
    recover = "exact_pair" // expect: AX019
  }>
  func.func @f1(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  func.func @f2(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  func.func @f3(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  func.func @f4(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  func.func @f5(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  func.func @f6(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }

  func.func @knobs(%n: i32, %c: i1) -> f32 {
    %0 = approx.knob(%n) <{id = 0 : i32}> ({
      %x = arith.sitofp %n : i32 to f32
      approx.try(%n) <{recover = "exact"}> check {
      ^bb0(%y: i32):
        approx.yield %c : i1
      }
      approx.yield %x : f32
    }) : (i32) -> f32
    %1 = "approxMLIR.knob"(%n) <{id = 1 : i32}> ({ // expect: AX030
      %x = arith.sitofp %n : i32 to f32
      "approxMLIR.try"(%n) <{ // expect: AX030
        recover = "@exact_long" // expect: AX019
      }> ({
      ^bb0(%y: i32):
        "approx.yield"(%c) : (i1) -> ()
      }) : (i32) -> ()
      "approx.yield"(%x) : (f32) -> ()
    }) : (i32) -> f32
    %2 = approx.knob(%n) <{id = 2 : i32}> ({
      %x = arith.sitofp %n : i32 to f32
      approx.try(%n) <{
        recover = "exacd" // expect: AX018
      }> check {
      ^bb0(%y: i32):
        approx.yield %c : i1
      }
      approx.yield %x : f32
    }) : (i32) -> f32
    %3 = approx.knob(%n) <{id = 3 : i32}> ({
      %x = arith.sitofp %n : i32 to f32
      approx.try(%n, %c) <{
        recover = "knobs" // expect: AX020
      }> check {
      ^bb0(%y: i32, %d: i1):
        approx.yield %d : i1
      }
      approx.yield %x : f32
    }) : (i32) -> f32
    %4 = arith.addf %0, %1 : f32
    %5 = arith.addf %2, %3 : f32
    %6 = arith.addf %4, %5 : f32
    return %6 : f32
  }

  // Recovery in circles: itself, through another function, through its address, through another's recovery.
  approx.util.annotation.try <{func_name = "self", checker = "check", recover = "self"}> // expect: AX020
  func.func @self(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  approx.util.annotation.try <{func_name = "far", checker = "check", recover = "near"}> // expect: AX020
  func.func @near(%n: i32) -> f32 {
    %f = func.constant @step : (i32) -> f32
    %x = func.call_indirect %f(%n) : (i32) -> f32
    return %x : f32
  }
  func.func @step(%n: i32) -> f32 {
    %c = arith.constant true
    %r = scf.if %c -> (f32) {
      %x = func.call @far(%n) : (i32) -> f32
      scf.yield %x : f32
    } else {
      %x = arith.sitofp %n : i32 to f32
      scf.yield %x : f32
    }
    return %r : f32
  }
  func.func @far(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  approx.util.annotation.try <{func_name = "left", checker = "check", recover = "right"}> // expect: AX020
  approx.util.annotation.try <{func_name = "right", checker = "check", recover = "left"}> // expect: AX020
  func.func @left(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  func.func @right(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  // A recover function that is used by several, recurses, or whose callers call the function, is none.
  approx.util.annotation.try <{func_name = "a", checker = "check", recover = "shared"}>
  approx.util.annotation.try <{func_name = "b", checker = "check", recover = "shared"}>
  func.func @a(%n: i32) -> f32 { %x = func.call @b(%n) : (i32) -> f32 return %x : f32 }
  func.func @b(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  func.func @shared(%n: i32) -> f32 { %x = func.call @shared(%n) : (i32) -> f32 return %x : f32 }
  func.func @main(%n: i32) -> f32 { %x = func.call @a(%n) : (i32) -> f32 return %x : f32 }

  // Substitutes.
  approx.util.annotation.decision_tree <{func_name = "s1", transform_type = "func_substitute", state_function = "state", state_indices = array<i64: 0>,
    thresholds = array<i32: 5, 6>, decisions = array<i32: 0,
      1,
      3 // expect: AX021
    >, decision_values = array<i32: 0, 1,
      2, // expect: AX022
      3>}>
  func.func private @state(i32) -> i32
  func.func private @approx_s1_1(i32) -> f32
  func.func private @approx_s1_2(i32) -> f64
  func.func @s1(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  approx.util.annotation.transform <{func_name = @"s 2", transform_type = "func_substitute", knob_val = 1 : i32}>
  func.func @"s 2"(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  func.func @"approx_s 2_1"(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  approx.util.annotation.transform <{func_name = "s3", transform_type = "func_substitute", knob_val = 0 : i32}>
  func.func @s3(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  // In a knob, the copy that is called tells which function is meant; without such a call nothing is said.
  func.func private @__internal_s4(%n: i32) -> f32 { %x = arith.sitofp %n : i32 to f32 return %x : f32 }
  func.func @s4(%n: i32) -> f32 {
    %0 = approx.knob(%n) <{id = 4 : i32, params = {
      transform_type = "func_substitute",
      decisions = array<i32: 1> // expect: AX021
    }}> ({
      %x = func.call @__internal_s4(%n) : (i32) -> f32
      approx.yield %x : f32
    }) : (i32) -> f32
    %1 = approx.knob(%n) <{id = 5 : i32, params = {transform_type = "func_substitute", decisions = array<i32: 1>}}> ({
      %x = func.call @exact(%n) : (i32) -> f32
      approx.yield %x : f32
    }) : (i32) -> f32
    %2 = arith.addf %0, %1 : f32
    return %2 : f32
  }
}
