// The energies of n charges in the field of all others: the larger a charge, the more its energy counts, and
// the fewer of the others may be left out when its potential is added up.
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "potential",
    transform_type = "loop_perforate",
    transform_options = {rescale = true},
    state_function = "percent",
    state_indices = array<i64: 0>,
    num_thresholds = 2 : i32,
    thresholds = array<i32: 20, 50>,
    thresholds_lowers = array<i32: 0, 0>,
    thresholds_uppers = array<i32: 100, 100>,
    decisions = array<i32: 4, 2, 1>,
    decision_values = array<i32: 1, 2, 3, 4, 6, 8>
  }> : () -> ()

  // Charges are from 0 to 1.
  func.func private @percent(%charge: f32) -> i32 {
    %hundred = arith.constant 1.000000e+02 : f32
    %scaled = arith.mulf %charge, %hundred : f32
    %state = arith.fptosi %scaled : f32 to i32
    return %state : i32
  }

  func.func private @potential(%charge: f32, %x: f32, %y: f32, %n: index,
                               %xs: memref<?xf32>, %ys: memref<?xf32>, %charges: memref<?xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %soft = arith.constant 1.000000e-02 : f32
    %sum = scf.for %j = %c0 to %n step %c1 iter_args(%partial = %zero) -> (f32) {
      %xj = memref.load %xs[%j] : memref<?xf32>
      %yj = memref.load %ys[%j] : memref<?xf32>
      %qj = memref.load %charges[%j] : memref<?xf32>
      %dx = arith.subf %x, %xj : f32
      %dy = arith.subf %y, %yj : f32
      %dx2 = arith.mulf %dx, %dx : f32
      %dy2 = arith.mulf %dy, %dy : f32
      %d2 = arith.addf %dx2, %dy2 : f32
      %d2_soft = arith.addf %d2, %soft : f32
      %d = math.sqrt %d2_soft : f32
      %term = arith.divf %qj, %d : f32
      %next = arith.addf %partial, %term : f32
      scf.yield %next : f32
    }
    return %sum : f32
  }

  func.func @energies(%n: index, %xs: memref<?xf32>, %ys: memref<?xf32>, %charges: memref<?xf32>,
                      %energies: memref<?xf32>) -> memref<?xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %n step %c1 {
      %x = memref.load %xs[%i] : memref<?xf32>
      %y = memref.load %ys[%i] : memref<?xf32>
      %charge = memref.load %charges[%i] : memref<?xf32>
      %v = func.call @potential(%charge, %x, %y, %n, %xs, %ys, %charges)
        : (f32, f32, f32, index, memref<?xf32>, memref<?xf32>, memref<?xf32>) -> f32
      %energy = arith.mulf %charge, %v : f32
      memref.store %energy, %energies[%i] : memref<?xf32>
    }
    return %energies : memref<?xf32>
  }
}
