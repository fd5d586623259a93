// Params as dictionaries, strings and aliases.
#p = {thresholds = array<i32: 10, 5>, decisions = array<i32: 0, 2, 4>}
#t = array<i32: 10, 5>
#s = "thresholds=10,5; decisions=0,2,4"
#right = {thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 2, 4>}
module {
  func.func @dictionaries(%x: f32) -> f32 {
    %0 = approx.knob(%x) <{id = 0 : i32, params = {
      thresholds = array<i32: 10,
        5>, // expect: AX001, AX006
      "num_thresholds" = 1 : i32, // expect: AX003
      thresholds_uppers = [11 : i32,
        4 : i32],
      decisions = array<i32: 0, 2, -2 // expect: AX034
      >,
      transform_options = {thresholds = array<i32: 4, 3>},
      transform_type = "loop_perforat" // expect: AX010
    }}> ({
      approx.yield %x : f32
    }) : (f32) -> f32
    %1 = "approx.knob"(%0) <{id = 1 : i32, params = {
      thresholds = #t, // expect: AX001
      decisions = array<i32: 0, 2, 4>
    }}> ({
      "approx.yield"(%0) : (f32) -> ()
    }) : (f32) -> f32
    return %1 : f32
  }
  func.func @strings(%x: f32) -> f32 {
    %0 = approx.knob(%x) <{id = 2 : i32, params =
      "thresholds=10,5; decisions=0,0,2" // expect: AX001, AX008
    }> ({
      approx.yield %x : f32
    }) : (f32) -> f32
    %1 = approx.knob(%0) <{id = 3 : i32, params =
      "thresholds=[3]; decisions=0,1,2; num_thresholds=2; 'x y'='\\t'" // expect: AX002, AX003
    }> ({
      approx.yield %0 : f32
    }) : (f32) -> f32
    %2 = approx.knob(%1) <{id = 4 : i32, // expect: AX029
      params = "thresholds=; decisions="
    }> ({
      approx.yield %1 : f32
    }) : (f32) -> f32
    %3 = approx.knob(%2) <{id = 5 : i32,
      params = "thresholds=5 10" // expect: AX032
    }> ({
      approx.yield %2 : f32
    }) : (f32) -> f32
    return %3 : f32
  }
  func.func @aliases(%x: f32) -> f32 {
    %0 = approx.knob(%x) <{id = 6 : i32,
      params = #p // expect: AX001
    }> ({
      approx.yield %x : f32
    }) : (f32) -> f32
    %1 = approx.knob(%0) <{id = 7 : i32, params =
      #s // expect: AX001
    }> ({
      approx.yield %0 : f32
    }) : (f32) -> f32
    %2 = approx.knob(%1) <{id = 8 : i32, params = #right}> ({
      approx.yield %1 : f32
    }) : (f32) -> f32
    %3 = approx.knob(%2) <{id = 9 : i32,
      params = 5 : i32 // expect: AX032
    }> ({
      approx.yield %2 : f32
    }) : (f32) -> f32
    %4 = approx.knob(%3) <{id = 10 : i32,
      params = #missing // expect: AX032
    }> ({
      approx.yield %3 : f32
    }) : (f32) -> f32
    %5 = approx.knob(%4) <{id = 11 : i32, params = {
      decisions = array<i32: 0>,
      thresholds = unit // expect: AX032
    }}> ({
      approx.yield %4 : f32
    }) : (f32) -> f32
    return %5 : f32
  }
}
