// passes: pre-emit-transform,emit-approx,emit-management,config-approx,transform-approx,finalize-approx,legalize-to-stablehlo
module @jit attributes {mhlo.num_partitions = 1 : i32} {
  func.func public @main(%arg0: tensor<i32>, %arg1: tensor<2xi32> {mhlo.sharding = "x"}) -> (tensor<2xi32> {jax.result_info = "result"}) {
    %2 = func.call @get_state(%arg0) : (tensor<i32>) -> tensor<i32>
    %0 = stablehlo.constant dense<10> : tensor<i32>
    %1 = stablehlo.compare GE, %2, %0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %3 = stablehlo.convert %1 : (tensor<i1>) -> tensor<i32>
    %7 = "stablehlo.case"(%3) ({
      %9 = func.call @__internal_main(%arg0, %arg1) : (tensor<i32>, tensor<2xi32>) -> tensor<2xi32>
      stablehlo.return %9 : tensor<2xi32>
    }, {
      %8 = func.call @approx_main_1(%arg0, %arg1) : (tensor<i32>, tensor<2xi32>) -> tensor<2xi32>
      stablehlo.return %8 : tensor<2xi32>
    }) : (tensor<i32>) -> tensor<2xi32>
    func.return %7 : tensor<2xi32>
  }
  func.func private @__internal_main(%arg0: tensor<i32>, %arg1: tensor<2xi32>) -> tensor<2xi32> {
    %0 = stablehlo.add %arg1, %arg1 : tensor<2xi32>
    func.return %0 : tensor<2xi32>
  }
  func.func @get_state(%arg0: tensor<i32>) -> tensor<i32> {
    return %arg0 : tensor<i32>
  }
  func.func @approx_main_1(%arg0: tensor<i32>, %arg1: tensor<2xi32>) -> tensor<2xi32> {
    return %arg1 : tensor<2xi32>
  }
}
