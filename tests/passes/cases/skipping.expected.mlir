// passes: emit-approx,emit-management,config-approx,transform-approx,finalize-approx
// call: s(0, 2.5)
// call: s(1, 2.5)
// call: s(2, 2.5)
// call: s(3, 2.5)
// call: s(4, 2.5)
module {
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @s(%n: i32, %x: f32) -> (i32, f32) {
    %2 = func.call @state(%n) : (i32) -> i32
    %3 = arith.constant 1 : i32
    %4 = arith.constant 2 : i32
    %5 = arith.constant 3 : i32
    %6 = arith.cmpi sge, %2, %3 : i32
    %7 = arith.extui %6 : i1 to i32
    %8 = arith.cmpi sge, %2, %4 : i32
    %9 = arith.extui %8 : i1 to i32
    %10 = arith.addi %7, %9 : i32
    %11 = arith.cmpi sge, %2, %5 : i32
    %12 = arith.extui %11 : i1 to i32
    %13 = arith.addi %10, %12 : i32
    %14 = arith.index_cast %13 : i32 to index
    %15, %16 = scf.index_switch %14 -> i32, f32
    case 0 {
      %17 = arith.constant 5 : i32
      %18 = arith.constant -1.500000e+00 : f32
      scf.yield %17, %18 : i32, f32
    }
    case 1 {
      %one = arith.constant 1 : i32
      %c = arith.cmpi eq, %n, %one : i32
      %d = arith.cmpi sgt, %n, %one : i32
      %a = arith.addf %x, %x : f32
      scf.yield %n, %a : i32, f32
    }
    case 2 {
      %one = arith.constant 1 : i32
      %c = arith.cmpi eq, %n, %one : i32
      %d = arith.cmpi sgt, %n, %one : i32
      scf.yield %n, %x : i32, f32
    }
    default {
      %one = arith.constant 1 : i32
      %c = arith.cmpi eq, %n, %one : i32
      %d = arith.cmpi sgt, %n, %one : i32
      %e = arith.negf %x : f32
      scf.yield %n, %e : i32, f32
    }
    return %15, %16 : i32, f32
  }
}
