// What a C front end makes of annotated_sum.c.
module {
  func.func @length(%arg0: i32) -> i32 {
    return %arg0 : i32
  }
  func.func @sum_of_squares(%arg0: memref<?xf32>, %arg1: i32) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %cst = arith.constant 0.000000e+00 : f32
    %0 = arith.index_cast %arg1 : i32 to index
    %1 = scf.for %arg2 = %c0 to %0 step %c1 iter_args(%arg3 = %cst) -> (f32) {
      %2 = memref.load %arg0[%arg2] : memref<?xf32>
      %3 = arith.mulf %2, %2 : f32
      %4 = arith.addf %arg3, %3 : f32
      scf.yield %4 : f32
    }
    return %1 : f32
  }
  func.func @approx_gain_1(%arg0: f32, %arg1: i32) -> f32 {
    %0 = arith.mulf %arg0, %arg0 : f32
    %1 = arith.subf %arg0, %0 : f32
    return %1 : f32
  }
  func.func @gain(%arg0: f32, %arg1: i32) -> f32 {
    %c0_i32 = arith.constant 0 : i32
    %c2_i32 = arith.constant 2 : i32
    %cst = arith.constant 0.000000e+00 : f32
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c64 = arith.constant 64 : index
    %0:2 = scf.for %arg2 = %c0 to %c64 step %c1 iter_args(%arg3 = %cst, %arg4 = %arg0) -> (f32, f32) {
      %1 = arith.index_cast %arg2 : index to i32
      %2 = arith.remsi %1, %c2_i32 : i32
      %3 = arith.cmpi ne, %2, %c0_i32 : i32
      %4 = arith.negf %arg4 : f32
      %5 = arith.select %3, %4, %arg4 : f32
      %6 = arith.addf %arg3, %5 : f32
      %7 = arith.mulf %arg4, %arg0 : f32
      scf.yield %6, %7 : f32, f32
    }
    return %0#0 : f32
  }
}
