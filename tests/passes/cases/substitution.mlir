// passes: pre-emit-transform,emit-approx,emit-management,config-approx,transform-approx,finalize-approx,legalize-to-stablehlo
module @jit attributes {mhlo.num_partitions = 1 : i32} {
  approx.util.annotation.convert_to_call <{func_name = "main"}>
  approx.util.annotation.decision_tree <{func_name = "main", state_function = "get_state", state_indices = array<i64: 0>, transform_type = "func_substitute", thresholds = array<i32: 10>, decisions = array<i32: 0, 1>}>
  func.func public @main(%arg0: tensor<i32>, %arg1: tensor<2xi32> {mhlo.sharding = "x"}) -> (tensor<2xi32> {jax.result_info = "result"}) {
    %0 = stablehlo.add %arg1, %arg1 : tensor<2xi32>
    return %0 : tensor<2xi32>
  }
  func.func @get_state(%arg0: tensor<i32>) -> tensor<i32> {
    return %arg0 : tensor<i32>
  }
  func.func @approx_main_1(%arg0: tensor<i32>, %arg1: tensor<2xi32>) -> tensor<2xi32> {
    return %arg1 : tensor<2xi32>
  }
}
