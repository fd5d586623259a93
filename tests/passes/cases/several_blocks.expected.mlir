// passes: emit-approx,emit-management,config-approx,transform-approx,finalize-approx
// call: h(-1)
// call: h(2)
// call: h(3)
module {
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @h(%n: i32) -> i32 {
    %2 = func.call @state(%n) : (i32) -> i32
    %1 = arith.constant 3 : i32
    %3 = arith.cmpi sge, %2, %1 : i32
    %4 = arith.extui %3 : i1 to i32
    %5 = arith.index_cast %4 : i32 to index
    %6 = scf.index_switch %5 -> i32
    case 0 {
      %8 = func.call @__outlined_h(%n) : (i32) -> i32
      scf.yield %8 : i32
    }
    default {
      %7 = func.call @__outlined_h_0(%n) : (i32) -> i32
      scf.yield %7 : i32
    }
    func.return %6 : i32
  }
  func.func private @__outlined_h(%n: i32) -> i32 {
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
    func.return %r : i32
  }
  func.func private @__outlined_h_0(%n: i32) -> i32 {
    %zero = arith.constant 0 : i32
    %neg = arith.cmpi slt, %n, %zero : i32
    cf.cond_br %neg, ^out(%zero : i32), ^body
  ^body:
    %m = arith.index_cast %n : i32 to index
    %sum = affine.for %i = 0 to 6 step 2 iter_args(%s = %zero) -> (i32) {
      %k = arith.index_cast %i : index to i32
      %t = arith.addi %s, %k : i32
      affine.yield %t : i32
    }
    cf.br ^out(%sum : i32)
  ^out(%r: i32):
    func.return %r : i32
  }
}
