ml_program.global private mutable @state(dense<0.0> : tensor<4xf32>) : tensor<4xf32>
ml_program.global public mutable @given : tensor<i32>
ml_program.func private @step(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = ml_program.global_load @state : tensor<4xf32>
  ml_program.global_store @state = %a : tensor<4xf32>
  ml_program.return %0 : tensor<4xf32>
}
