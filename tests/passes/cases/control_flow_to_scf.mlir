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
    %r:3 = stablehlo.while(%x = %a, %y = %b, %n = %zero) : tensor<i32>, tensor<i32>, tensor<i32>
    cond {
      %c = stablehlo.compare NE, %y, %zero, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %c : tensor<i1>
    } do {
      %rest = stablehlo.remainder %x, %y : tensor<i32> // what is left
      %one = stablehlo.constant dense<1> : tensor<i32>
      %m = stablehlo.add %n, %one : tensor<i32>
      stablehlo.return %y, %rest, %m : tensor<i32>, tensor<i32>, tensor<i32>
    }
    return %r#0, %r#2 : tensor<i32>, tensor<i32>
  }
  func.func @choose(%i: tensor<i32>, %x: tensor<2xf32>) -> (tensor<2xf32>, tensor<i32>) {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %r:2 = "stablehlo.case"(%i) ({
      %y = stablehlo.add %x, %x : tensor<2xf32>
      stablehlo.return %y, %zero : tensor<2xf32>, tensor<i32>
    }, {
      stablehlo.return %x, %i : tensor<2xf32>, tensor<i32>
    }, {
      %negative = stablehlo.compare LT, %i, %zero, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
      %y = "stablehlo.if"(%negative) ({
        %z = stablehlo.negate %x : tensor<2xf32>
        stablehlo.return %z : tensor<2xf32>
      }, {
        %z = stablehlo.multiply %x, %x : tensor<2xf32>
        stablehlo.return %z : tensor<2xf32>
      }) : (tensor<i1>) -> tensor<2xf32>
      stablehlo.return %y, %i : tensor<2xf32>, tensor<i32>
    }) : (tensor<i32>) -> (tensor<2xf32>, tensor<i32>)
    return %r#0, %r#1 : tensor<2xf32>, tensor<i32>
  }
}
