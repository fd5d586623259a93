// passes: emit-approx,emit-management,config-approx{live=true array=argument}
// The kernel and what belongs to it.
module {
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @dot(%n: i32, %a: memref<?xf32>, %b: memref<?xf32>, %params: tensor<3xi32>) -> f32 attributes {llvm.emit_c_interface} {
    %0 = approx.knob(%n, %a, %b) <{id = 1 : i32}> ({
      %1 = func.call @state(%n) : (i32) -> i32
      %2 = arith.constant 0 : index
      %3 = tensor.extract %params[%2] : tensor<3xi32>
      %4 = arith.constant 1 : index
      %5 = arith.cmpi sge, %1, %3 : i32
      %6 = arith.extui %5 : i1 to i32
      %7 = arith.index_cast %6 : i32 to index
      %8 = arith.addi %7, %4 : index
      %9 = tensor.extract %params[%8] : tensor<3xi32>
      %10 = arith.index_cast %9 : i32 to index
      %11 = scf.index_switch %10 -> f32
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
      %12 = func.call @small(%11, %n, %a, %b) : (f32, i32, memref<?xf32>, memref<?xf32>) -> i1
      %13 = scf.if %12 -> (f32) {
        scf.yield %11 : f32
      } else {
        %14 = func.call @none(%n, %a, %b) : (i32, memref<?xf32>, memref<?xf32>) -> f32
        scf.yield %14 : f32
      }
      approx.yield %13 : f32
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
