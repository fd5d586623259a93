// What manages knobs, where a try stands, and params that are spelled twice.
module {
  func.func @exact(%x: f32) -> f32 {
    return %x : f32
  }
  func.func @tries(%x: f32, %c: i1) -> f32 {
    %0 = "approx.knob"(%x) <{id = 0 : i32}> ({
      "approx.try"(%x) <{recover = "exact"}> ({ // expect: AX028
      ^bb0(%y: f32):
        "approx.yield"(%c) : (i1) -> ()
      }) : (f32) -> ()
      approx.try(%x) <{recover = "exact"}> check {
      ^bb0(%y: f32):
        approx.yield %c : i1
      }
      "approx.yield"(%x) : (f32) -> ()
    }) : (f32) -> f32
    %1 = approx.knob(%x) <{id = 1 : i32}> ({
      scf.if %c {
        approx.try(%x) <{recover = "exact"}> check { // expect: AX028
        ^bb0(%y: f32):
          approx.yield %c : i1
        }
      }
      approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}>
      approx.yield %0 : f32
    }) : (f32) -> f32
    return %1 : f32
  }

  // A knob without anything, except between two passes.
  "approx.util.annotation.try"() <{func_name = "between", checker = "checker", recover = "exact"}> : () -> ()
  func.func @between(%x: f32) -> f32 {
    %0 = approx.knob(%x) <{id = 2 : i32}> ({
      approx.yield %x : f32
    }) : (f32) -> f32
    return %0 : f32
  }
  func.func @checker(%r: f32, %x: f32) -> i1 {
    %0 = arith.cmpf oge, %r, %x : f32
    return %0 : i1
  }
  func.func @bare(%x: f32) -> f32 {
    %0 = "approx.knob"(%x) <{id = 3 : i32, transform_types = ["loop_perforate"]}> ({ // expect: AX029
      // Another knob's operations do not manage this one.
      %1 = approx.knob(%x) <{id = 4 : i32, params = ""}> ({ // expect: AX029
        approx.yield %x : f32
      }) : (f32) -> f32
      "approx.yield"(%1) : (f32) -> ()
    }) : (f32) -> f32
    return %0 : f32
  }
  // After the decision has become a switch, the transforms stand in that.
  func.func @switched(%n: index, %x: f32) -> f32 {
    %0 = approx.knob(%x) <{id = 6 : i32}> ({
      %1 = scf.index_switch %n -> f32
      case 0 {
        approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}>
        scf.yield %x : f32
      }
      default {
        scf.yield %x : f32
      }
      approx.yield %1 : f32
    }) : (f32) -> f32
    return %0 : f32
  }
  approx.util.annotation.knob <{func_name = "bare"}> // expect: AX029
  approx.util.annotation.knob <{func_name = "managed"}>
  approx.util.annotation.transform <{func_name = "managed", transform_type = "loop_perforate", knob_val = 0 : i32}>
  func.func @managed(%x: f32) -> f32 {
    return %x : f32
  }

  func.func @twice(%n: i32, %x: f32) -> f32 {
    %0 = approx.knob(%n, %x) <{
      id = 5 : i32,
      params = "thresholds=8; decisions=0,2; decision_values=0,2; transform_type=loop_perforate"
    }> ({
      approx.decision_tree(%n) <{
        transform_type = "loop_perforate",
        thresholds = array<i64: 8>, // expect: AX035
        thresholds_lowers = array<i32: 1>,
        decisions = array<i32: 0, 4> // expect: AX033
      }> state {
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
        %t = arith.addf %s, %x : f32
        affine.yield %t : f32
      }
      approx.yield %sum : f32
    }) : (i32, f32) -> f32
    return %0 : f32
  }

  // Params that only others know the entries of.
  func.func @unmanaged(%x: f32) -> f32 {
    %0 = approx.knob(%x) <{id = 7 : i32, params = {}}> ({ // expect: AX029
      %1 = approx.knob(%x) <{id = 8 : i32, params = "measured=3"}> ({ // expect: AX029
        approx.yield %x : f32
      }) : (f32) -> f32
      approx.yield %1 : f32
    }) : (f32) -> f32
    return %0 : f32
  }

  // A value that is decided more than once.
  func.func @decided(%n: i32, %x: f32) -> f32 {
    %0 = approx.knob(%n, %x) <{id = 9 : i32}> ({
      approx.decide(%n) <{transform_type = "loop_perforate", decisions = array<i32: 0>}> state {
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      approx.decision_tree(%n) <{transform_type = "loop_perforate", decisions = array<i32: 0>}> state { // expect: AX037
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      // Another knob's does not count.
      %1 = approx.knob(%n, %x) <{id = 10 : i32}> ({
        approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}>
        approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}> // expect: AX037
        approx.yield %x : f32
      }) : (i32, f32) -> f32
      approx.transform <{transform_type = "loop_perforate", knob_val = 0 : i32}> // expect: AX037
      approx.yield %1 : f32
    }) : (i32, f32) -> f32
    return %0 : f32
  }

  // Params and a tree ask for the same: one fault.
  func.func @loopless(%n: i32, %x: f32) -> f32 {
    %0 = approx.knob(%n, %x) <{
      id = 11 : i32, params = {
        transform_type = "loop_perforate", decisions = array<i32: 2> // expect: AX023
      }
    }> ({
      approx.decision_tree(%n) <{transform_type = "loop_perforate", decisions = array<i32: 2>}> state {
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      approx.yield %x : f32
    }) : (i32, f32) -> f32
    return %0 : f32
  }
}
