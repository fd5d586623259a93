// passes: emit-approx
// call: dot(2, [1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0])
// call: dot(4, [1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0])
// call: dot(4, [1.0, 2.0, 300.0, 4.0], [1.0, 1.0, 1.0, 1.0])
// The kernel and what belongs to it.
module {
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  approx.util.annotation.decision_tree <{
    func_name = "dot", state_function = "state", state_indices = array<i64: 0>,
    transform_type = "loop_perforate", num_thresholds = 1 : i32, thresholds = array<i32: 3>,
    decisions = array<i32: 0, 2>, decision_values = array<i32: 0, 1, 2, 4>
  }>
  approx.util.annotation.try <{func_name = "dot", checker = "small", recover = "none"}>
  func.func @dot(%n: i32, %a: memref<?xf32>, %b: memref<?xf32>) -> f32 attributes {llvm.emit_c_interface} {
    %0 = approx.knob(%n, %a, %b) <{id = 1 : i32}> ({
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %zero = arith.constant 0.000000e+00 : f32
      // How many there are.
      %m = arith.index_cast %n : i32 to index
      %sum = scf.for %i = %c0 to %m step %c1 iter_args(%s = %zero) -> (f32) {
        %x = memref.load %a[%i] : memref<?xf32>
        %y = memref.load %b[%i] : memref<?xf32>
        %p = arith.mulf %x, %y : f32 // one product
        %t = arith.addf %s, %p : f32
        scf.yield %t : f32
      }
      approx.yield %sum : f32
    }) : (i32, memref<?xf32>, memref<?xf32>) -> f32
    return %0 : f32
  }
  func.func   @untouched( %a :i32 )->i32 {%b=arith.addi %a,%a:i32 // twice
    return %b:i32}
  func.func @small(%r: f32, %n: i32, %a: memref<?xf32>, %b: memref<?xf32>) -> i1 {
    %limit = arith.constant 1.000000e+02 : f32
    %ok = arith.cmpf olt, %r, %limit : f32
    return %ok : i1
  }
  func.func @none(%n: i32, %a: memref<?xf32>, %b: memref<?xf32>) -> f32 {
    %r = arith.constant -1.000000e+00 : f32
    return %r : f32
  }
}
