// passes: pre-emit-transform,emit-approx,emit-management,config-approx,transform-approx,finalize-approx,legalize-to-stablehlo
module {
  func.func   @untouched( %a :i32 )->i32 {%b=arith.addi %a,%a:i32 // twice
    return %b:i32}
  func.func @dot(%n: i32, %a: memref<?xf32>, %b: memref<?xf32>) -> f32 attributes {llvm.emit_c_interface} {
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
    return %sum : f32
  }
}
