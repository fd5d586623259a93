// What a perforated loop stores, and what its results are used for.
module {
  // The caller sees the argument; a sum at one place is only less accurate.
  approx.util.annotation.transform <{func_name = "argument", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX024
  func.func @argument(%m: memref<?x8xf32>, %n: index, %x: f32) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %v = memref.cast %m : memref<?x8xf32> to memref<?x?xf32>
    scf.for %i = %c0 to %n step %c1 {
      %j = arith.addi %i, %c1 : index
      memref.store %x, %v[%j, %c0] : memref<?x?xf32>
    }
    return
  }
  approx.util.annotation.transform <{func_name = "sum", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @sum(%m: memref<8xf32>, %out: memref<1xf32>) {
    %c0 = arith.constant 0 : index
    affine.for %i = 0 to 8 {
      %x = affine.load %m[%i] : memref<8xf32>
      %s = memref.load %out[%c0] : memref<1xf32>
      %t = arith.addf %s, %x : f32
      memref.store %t, %out[%c0] : memref<1xf32>
    }
    return
  }
  approx.util.annotation.transform <{func_name = "exact_enough", transform_type = "loop_perforate", knob_val = 1 : i32}>
  func.func @exact_enough(%m: memref<8xf32>, %x: f32) {
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
    }
    return
  }
  // The inner loop writes the whole row, whichever iterations of the outer one are left out.
  approx.util.annotation.transform <{func_name = "rows", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @rows(%m: memref<8xf32>, %x: f32) {
    affine.for %i = 0 to 8 {
      affine.for %j = 0 to 8 {
        affine.store %x, %m[%j] : memref<8xf32>
      }
    }
    return
  }
  // An operand that the map does not use is no part of the address.
  approx.util.annotation.transform <{func_name = "unused", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @unused(%m: memref<8xf32>, %x: f32) {
    affine.for %i = 0 to 8 {
      "affine.store"(%x, %m, %i) <{map = affine_map<(d0) -> (3)>}> : (f32, memref<8xf32>, index) -> ()
    }
    return
  }
  // Memory of the function's own: read, returned, given away, not read at all, overwritten.
  approx.util.annotation.transform <{func_name = "read", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX024
  func.func @read(%x: f32) -> f32 {
    %c0 = arith.constant 0 : index
    %m = memref.alloc() : memref<8xf32>
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
    }
    %y = memref.load %m[%c0] : memref<8xf32>
    return %y : f32
  }
  approx.util.annotation.transform <{func_name = "returned", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX024
  func.func @returned(%x: vector<4xf32>, %n: index) -> memref<?xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %m = memref.alloc(%n) : memref<?xf32>
    scf.parallel (%i) = (%c0) to (%n) step (%c1) {
      vector.store %x, %m[%i] : memref<?xf32>, vector<4xf32>
    }
    return %m : memref<?xf32>
  }
  func.func private @use(memref<8xf32>)
  approx.util.annotation.transform <{func_name = "given", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX024
  func.func @given(%x: f32) {
    %m = memref.alloca() : memref<8xf32>
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
    }
    func.call @use(%m) : (memref<8xf32>) -> ()
    return
  }
  memref.global @global : memref<8xf32>
  approx.util.annotation.transform <{func_name = "to_global", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX024
  func.func @to_global(%x: f32) {
    %m = memref.get_global @global : memref<8xf32>
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
    }
    return
  }
  approx.util.annotation.transform <{func_name = "scratch", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @scratch(%x: f32) {
    %m = memref.alloc() : memref<8xf32>
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
      %y = affine.load %m[%i] : memref<8xf32>
    }
    memref.dealloc %m : memref<8xf32>
    return
  }
  approx.util.annotation.transform <{func_name = "copied_over", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @copied_over(%x: f32, %from: memref<8xf32>, %m: memref<8xf32>) -> memref<8xf32> {
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
    }
    memref.copy %from, %m : memref<8xf32> to memref<8xf32>
    return %m : memref<8xf32>
  }
  approx.util.annotation.transform <{func_name = "written_over", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @written_over(%x: f32, %m: memref<8xf32>) {
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
    }
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
      %y = affine.load %m[%i] : memref<8xf32>
    }
    return
  }
  // One place that is written does not make up for the others; the other branch is not later.
  approx.util.annotation.transform <{func_name = "one_place", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX024
  func.func @one_place(%x: f32, %c: i1) -> f32 {
    %c0 = arith.constant 0 : index
    %m = memref.alloc() : memref<8xf32>
    scf.if %c {
      affine.for %i = 0 to 8 {
        affine.store %x, %m[%i] : memref<8xf32>
      }
    }
    memref.store %x, %m[%c0] : memref<8xf32>
    %y = memref.load %m[%c0] : memref<8xf32>
    return %y : f32
  }
  approx.util.annotation.transform <{func_name = "other_branch", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @other_branch(%x: f32, %c: i1) {
    %c0 = arith.constant 0 : index
    %m = memref.alloc() : memref<8xf32>
    scf.if %c {
      affine.for %i = 0 to 8 {
        affine.store %x, %m[%i] : memref<8xf32>
      }
    } else {
      %y = memref.load %m[%c0] : memref<8xf32>
    }
    return
  }
  approx.util.annotation.transform <{func_name = "block_later", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX024
  func.func @block_later(%x: f32, %c: i1) -> f32 {
    %c0 = arith.constant 0 : index
    %m = memref.alloc() : memref<8xf32>
    cf.cond_br %c, ^filling, ^reading
  ^filling:
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
    }
    cf.br ^reading
  ^reading:
    %y = memref.load %m[%c0] : memref<8xf32>
    return %y : f32
  }
  approx.util.annotation.transform <{func_name = "never_there", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @never_there(%x: f32, %c: i1) -> f32 {
    %c0 = arith.constant 0 : index
    %m = memref.alloc() : memref<8xf32>
    cf.cond_br %c, ^filling, ^reading
  ^filling:
    affine.for %i = 0 to 8 {
      affine.store %x, %m[%i] : memref<8xf32>
    }
    return %x : f32
  ^reading:
    %y = memref.load %m[%c0] : memref<8xf32>
    return %y : f32
  }
  approx.util.annotation.transform <{func_name = "part", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX024
  func.func @part(%x: f32, %n: i32, %m: memref<8xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : i32
    %0 = scf.while (%i = %c1) : (i32) -> i32 {
      %c = arith.cmpi slt, %i, %n : i32
      scf.condition(%c) %i : i32
    } do {
    ^bb0(%i: i32):
      %j = arith.index_cast %i : i32 to index
      %s = memref.subview %m[%j] [1] [1] : memref<8xf32> to memref<1xf32, strided<[1], offset: ?>>
      memref.store %x, %s[%c0] : memref<1xf32, strided<[1], offset: ?>>
      %k = arith.addi %i, %c1 : i32
      scf.yield %k : i32
    }
    return
  }
  // In knobs, what follows the knob counts too.
  func.func @knobs(%n: i32, %x: f32) -> f32 {
    %c0 = arith.constant 0 : index
    %m = memref.alloc() : memref<8xf32>
    %0 = approx.knob(%n) <{id = 0 : i32}> ({
      approx.decision_tree(%n) <{thresholds = array<i32: 5>, decisions = array<i32: 0, 2>, transform_type = "loop_perforate"}> state { // expect: AX024
      ^bb0(%s: i32):
        approx.yield %s : i32
      }
      affine.for %i = 0 to 8 {
        affine.store %x, %m[%i] : memref<8xf32>
      }
      approx.yield %x : f32
    }) : (i32) -> f32
    %y = memref.load %m[%c0] : memref<8xf32>
    return %y : f32
  }

  // Results as places, bounds and conditions.
  approx.util.annotation.transform <{func_name = "place", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX025
  func.func @place(%m: memref<8xi32>, %zero: i32) -> i32 {
    %s = affine.for %i = 0 to 8 iter_args(%a = %zero) -> (i32) {
      %x = affine.load %m[%i] : memref<8xi32>
      %b = arith.addi %a, %x : i32
      affine.yield %b : i32
    }
    %t = arith.divsi %s, %s : i32
    %j = arith.index_cast %t : i32 to index
    %y = memref.load %m[%j] : memref<8xi32>
    return %y : i32
  }
  approx.util.annotation.transform <{func_name = "bound", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX025
  func.func @bound(%n: index) -> index {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %s = scf.for %i = %c0 to %n step %c1 iter_args(%a = %c0) -> (index) {
      scf.yield %i : index
    }
    scf.for %i = %c0 to %s step %c1 { }
    return %c0 : index
  }
  approx.util.annotation.transform <{func_name = "condition", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX025
  func.func @condition(%x: f32) {
    %s = affine.for %i = 0 to 8 iter_args(%a = %x) -> (f32) {
      %b = arith.addf %a, %a : f32
      affine.yield %b : f32
    }
    %c = arith.cmpf ogt, %s, %x : f32
    scf.if %c { }
    return
  }
  approx.util.annotation.transform <{func_name = "slice", transform_type = "loop_perforate", knob_val = 2 : i32}> // expect: AX025
  func.func @slice(%t: tensor<8xf32>, %n: tensor<i32>, %one: tensor<i32>) -> tensor<1xf32> {
    %0:2 = "stablehlo.while"(%one, %one) ({
    ^bb0(%i: tensor<i32>, %s: tensor<i32>):
      %c = "stablehlo.compare"(%i, %n) <{comparison_direction = #stablehlo<comparison_direction LT>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>
      "stablehlo.return"(%c) : (tensor<i1>) -> ()
    }, {
    ^bb0(%i: tensor<i32>, %s: tensor<i32>):
      %j = stablehlo.add %i, %one : tensor<i32>
      %u = stablehlo.add %s, %s : tensor<i32>
      "stablehlo.return"(%j, %u) : (tensor<i32>, tensor<i32>) -> ()
    }) : (tensor<i32>, tensor<i32>) -> (tensor<i32>, tensor<i32>)
    %u = stablehlo.add %0#1, %one : tensor<i32>
    %1 = "stablehlo.dynamic_slice"(%t, %u) <{slice_sizes = array<i64: 1>}> : (tensor<8xf32>, tensor<i32>) -> tensor<1xf32>
    return %1 : tensor<1xf32>
  }
  // Stored values, starting values, other loops' results and values that only pass by are none.
  approx.util.annotation.transform <{func_name = "values", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @values(%m: memref<8xindex>, %n: index) -> index {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %s = affine.for %i = 0 to 8 iter_args(%a = %c0) -> (index) {
      %b = arith.addi %a, %c1 : index
      affine.yield %b : index
    }
    memref.store %s, %m[%c0] : memref<8xindex>
    %t = scf.for %i = %c0 to %n step %c1 iter_args(%a = %s) -> (index) {
      scf.yield %a : index
    }
    %u = affine.for %i = 0 to 8 iter_args(%a = %s) -> (index) {
      affine.yield %a : index
    }
    %y = memref.load %m[%u] : memref<8xindex>
    return %t : index
  }
  func.func @out_of_the_knob(%n: i32, %m: memref<8xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %0 = approx.knob(%n) <{id = 1 : i32, params = "thresholds=5; decisions=0,2; transform_type=loop_perforate"}> ({ // expect: AX025
      %s = affine.for %i = 0 to 8 iter_args(%a = %c0) -> (index) {
        affine.yield %i : index
      }
      approx.yield %s : index
    }) : (i32) -> index
    %y = memref.load %m[%0] : memref<8xf32>
    return %y : f32
  }
}
