// passes: emit-approx,emit-management,config-approx,transform-approx,finalize-approx
// call: h(-1)
// call: h(2)
// call: h(3)
module {
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  approx.util.annotation.decision_tree <{func_name = "h", state_function = "state", state_indices = array<i64: 0>, transform_type = "loop_perforate", thresholds = array<i32: 3>, decisions = array<i32: 0, 2>}>
  func.func @h(%n: i32) -> i32 {
    %zero = arith.constant 0 : i32
    %neg = arith.cmpi slt, %n, %zero : i32
    cf.cond_br %neg, ^out(%zero : i32), ^body
  ^body:
    %m = arith.index_cast %n : i32 to index
    %sum = affine.for %i = 0 to 6 iter_args(%s = %zero) -> (i32) {
      %k = arith.index_cast %i : index to i32
      %t = arith.addi %s, %k : i32
      affine.yield %t : i32
    }
    cf.br ^out(%sum : i32)
  ^out(%r: i32):
    return %r : i32
  }
}
