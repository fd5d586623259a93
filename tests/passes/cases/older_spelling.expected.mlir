// passes: emit-approx,emit-management,config-approx,transform-approx,finalize-approx
// call: g(4)
// call: g(5)
module {
  func.func @g(%x: i32) -> i32 {
    %0 = arith.constant 5 : i32
    %1 = arith.cmpi sge, %x, %0 : i32
    %2 = arith.extui %1 : i1 to i32
    %3 = arith.index_cast %2 : i32 to index
    %4 = scf.index_switch %3 -> i32
    case 0 {
      %zero = arith.constant 0 : i32
      %c = arith.cmpi slt, %x, %zero : i32
      scf.yield %zero : i32
    }
    default {
      %zero = arith.constant 0 : i32
      %c = arith.cmpi slt, %x, %zero : i32
      scf.yield %x : i32
    }
    return %4 : i32
  }
}
