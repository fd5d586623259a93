// passes: emit-approx,emit-management,config-approx{live=true}
// The kernel and what belongs to it.
module {
  memref.global "private" @__approx_params : memref<3xi32> = dense<[3, 0, 2]>
  func.func @__approx_params_array() -> memref<3xi32> {
    %0 = memref.get_global @__approx_params : memref<3xi32>
    func.return %0 : memref<3xi32>
  }
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @dot(%n: i32, %a: memref<?xf32>, %b: memref<?xf32>) -> f32 attributes {llvm.emit_c_interface} {
    %0 = approx.knob(%n, %a, %b) <{id = 1 : i32}> ({
      %1 = func.call @state(%n) : (i32) -> i32
      %2 = memref.get_global @__approx_params : memref<3xi32>
      %3 = arith.constant 0 : index
      %4 = memref.load %2[%3] : memref<3xi32>
      %5 = arith.cmpi sge, %1, %4 : i32
      %6 = arith.extui %5 : i1 to i32
      %7 = arith.constant 1 : index
      %8 = arith.index_cast %6 : i32 to index
      %9 = arith.addi %8, %7 : index
      %10 = memref.get_global @__approx_params : memref<3xi32>
      %11 = memref.load %10[%9] : memref<3xi32>
      %12 = arith.index_cast %11 : i32 to index
      %13 = scf.index_switch %12 -> f32
      case 1 {
        approx.transform <{knob_val = 1 : i32, transform_type = "loop_perforate"}>
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
        scf.yield %sum : f32
      }
      case 2 {
        approx.transform <{knob_val = 2 : i32, transform_type = "loop_perforate"}>
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
        scf.yield %sum : f32
      }
      case 4 {
        approx.transform <{knob_val = 4 : i32, transform_type = "loop_perforate"}>
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
        scf.yield %sum : f32
      }
      default {
        approx.transform <{knob_val = 0 : i32, transform_type = "loop_perforate"}>
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
        scf.yield %sum : f32
      }
      %14 = func.call @small(%13, %n, %a, %b) : (f32, i32, memref<?xf32>, memref<?xf32>) -> i1
      %15 = scf.if %14 -> (f32) {
        scf.yield %13 : f32
      } else {
        %16 = func.call @none(%n, %a, %b) : (i32, memref<?xf32>, memref<?xf32>) -> f32
        scf.yield %16 : f32
      }
      approx.yield %15 : f32
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
