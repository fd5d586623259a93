// passes: emit-approx,emit-management,config-approx{live=true array=argument}
// The kernel and what belongs to it.
module {
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @dot(%n: i32, %a: memref<?xf32>, %b: memref<?xf32>, %param_0: i32, %param_1: i32, %param_2: i32) -> f32 attributes {llvm.emit_c_interface} {
    %0 = approx.knob(%n, %a, %b) <{id = 1 : i32}> ({
      %1 = func.call @state(%n) : (i32) -> i32
      %2 = arith.cmpi sge, %1, %param_0 : i32
      %3 = arith.extui %2 : i1 to i32
      %4 = arith.constant 1 : i32
      %5 = arith.cmpi sge, %3, %4 : i32
      %6 = arith.select %5, %param_2, %param_1 : i32
      %7 = arith.index_cast %6 : i32 to index
      %8 = scf.index_switch %7 -> f32
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
      %9 = func.call @small(%8, %n, %a, %b) : (f32, i32, memref<?xf32>, memref<?xf32>) -> i1
      %10 = scf.if %9 -> (f32) {
        scf.yield %8 : f32
      } else {
        %11 = func.call @none(%n, %a, %b) : (i32, memref<?xf32>, memref<?xf32>) -> f32
        scf.yield %11 : f32
      }
      approx.yield %10 : f32
    }) : (i32, memref<?xf32>, memref<?xf32>) -> f32
    func.return %0 : f32
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
