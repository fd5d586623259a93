"""Small modules that several tests compile: a loop that adds up, and a function that asks another one twice."""

SUM = """
module {
  approx.util.annotation.decision_tree <{
    func_name = "total", transform_type = "loop_perforate", state_function = "length",
    state_indices = array<i64: 0>, thresholds = array<i32: 10, 20>, decisions = array<i32: 0, 2, 3>,
    decision_values = array<i32: 0, 2, 3, 4>
  }>
  func.func @length(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @total(%n: i32, %m: memref<?xi64>) -> i64 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0 : i64
    %end = arith.index_cast %n : i32 to index
    %sum = scf.for %i = %c0 to %end step %c1 iter_args(%a = %zero) -> (i64) {
      %x = memref.load %m[%i] : memref<?xi64>
      %b = arith.addi %a, %x : i64
      scf.yield %b : i64
    }
    return %sum : i64
  }
}
"""

RELAY = """
func.func private @ask(i32) -> i32
func.func @twice(%n: i32) -> i32 {
  %a = func.call @ask(%n) : (i32) -> i32
  %b = func.call @ask(%a) : (i32) -> i32
  return %b : i32
}
"""
