// passes: legalize-control-flow-to-scf
// call: euclid(48, 36)
// call: euclid(7, 0)
// call: choose(-5, [1.0, 2.0])
// call: choose(0, [1.0, 2.0])
// call: choose(1, [1.0, 2.0])
// call: choose(2, [1.0, 2.0])
// call: choose(9, [1.0, 2.0])
module {
  func.func   @untouched( %a :tensor<i32> )->tensor<i32> {%b=stablehlo.add %a,%a:tensor<i32> // twice
    return %b:tensor<i32>}
  // Euclid's algorithm.
  func.func @euclid(%a: tensor<i32>, %b: tensor<i32>) -> (tensor<i32>, tensor<i32>) {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %r, %r_0, %r_1 = scf.while (%x = %a, %y = %b, %n = %zero) : (tensor<i32>, tensor<i32>, tensor<i32>) -> (tensor<i32>, tensor<i32>, tensor<i32>) {
      %c = stablehlo.compare NE, %y, %zero, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %0 = tensor.extract %c[] : tensor<i1>
      scf.condition(%0) %x, %y, %n : tensor<i32>, tensor<i32>, tensor<i32>
    } do {
    ^bb0(%arg0: tensor<i32>, %arg1: tensor<i32>, %arg2: tensor<i32>):
      %rest = stablehlo.remainder %arg0, %arg1 : tensor<i32> // what is left
      %one = stablehlo.constant dense<1> : tensor<i32>
      %m = stablehlo.add %arg2, %one : tensor<i32>
      scf.yield %arg1, %rest, %m : tensor<i32>, tensor<i32>, tensor<i32>
    }
    return %r#0, %r_1 : tensor<i32>, tensor<i32>
  }
  func.func @choose(%i: tensor<i32>, %x: tensor<2xf32>) -> (tensor<2xf32>, tensor<i32>) {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %0 = tensor.extract %i[] : tensor<i32>
    %1 = arith.index_cast %0 : i32 to index
    %r, %r_0 = scf.index_switch %1 -> tensor<2xf32>, tensor<i32>
    case 0 {
      %y = stablehlo.add %x, %x : tensor<2xf32>
      scf.yield %y, %zero : tensor<2xf32>, tensor<i32>
    }
    case 1 {
      scf.yield %x, %i : tensor<2xf32>, tensor<i32>
    }
    default {
      %negative = stablehlo.compare LT, %i, %zero, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %2 = tensor.extract %negative[] : tensor<i1>
      %y = scf.if %2 -> (tensor<2xf32>) {
        %z = stablehlo.negate %x : tensor<2xf32>
        scf.yield %z : tensor<2xf32>
      } else {
        %z = stablehlo.multiply %x, %x : tensor<2xf32>
        scf.yield %z : tensor<2xf32>
      }
      scf.yield %y, %i : tensor<2xf32>, tensor<i32>
    }
    return %r#0, %r_0 : tensor<2xf32>, tensor<i32>
  }
}
