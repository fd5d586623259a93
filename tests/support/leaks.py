"""A module whose functions allocate: to see whether memory is freed."""

MEMORY = """
module {
  approx.util.annotation.decision_tree <{
    func_name = "new", transform_type = "loop_perforate", state_function = "length",
    state_indices = array<i64: 0>, thresholds = array<i32: 10>, decisions = array<i32: 0, 2>
  }>
  func.func private @length(%n: index) -> i32 {
    %r = arith.index_cast %n : index to i32
    return %r : i32
  }
  func.func @new(%n: index) -> memref<?xf32> {
    %m = memref.alloc(%n) : memref<?xf32>
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = arith.constant 424242.0 : f32
    scf.for %i = %c0 to %n step %c1 {
      memref.store %x, %m[%i] : memref<?xf32>
    }
    return %m : memref<?xf32>
  }
  func.func @tensor(%t: tensor<?xf32>) -> (tensor<?xf32>, tensor<f32>) {
    %a = arith.addf %t, %t : tensor<?xf32>
    %b = arith.mulf %a, %t : tensor<?xf32>
    %c0 = arith.constant 0 : index
    %x = tensor.extract %b[%c0] : tensor<?xf32>
    %c = tensor.from_elements %x : tensor<f32>
    return %b, %c : tensor<?xf32>, tensor<f32>
  }
  func.func private @ask(memref<?xf32>) -> memref<?xf32>
  func.func @relay(%m: memref<?xf32>) -> memref<?xf32> {
    %r = func.call @ask(%m) : (memref<?xf32>) -> memref<?xf32>
    return %r : memref<?xf32>
  }
}
"""
