// An activation as JAX exports it, with a cheaper one to take its place: decision 1 calls @approx_gelu_1.
module @activation {
  "approx.util.annotation.decision_tree"() <{
    func_name = "gelu",
    transform_type = "func_substitute",
    state_function = "budget",
    state_indices = array<i64: 1>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 50>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 100>,
    decisions = array<i32: 1, 0>,
    decision_values = array<i32: 0, 1>
  }> : () -> ()
  "approx.util.annotation.convert_to_call"() <{func_name = "gelu"}> : () -> ()

  func.func private @budget(%percent: tensor<i32>) -> tensor<i32> {
    return %percent : tensor<i32>
  }

  // x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2
  func.func public @gelu(%x: tensor<8x128xf32>, %percent: tensor<i32>) -> tensor<8x128xf32> {
    %half = stablehlo.constant dense<5.000000e-01> : tensor<8x128xf32>
    %one = stablehlo.constant dense<1.000000e+00> : tensor<8x128xf32>
    %cubic = stablehlo.constant dense<4.471500e-02> : tensor<8x128xf32>
    %scale = stablehlo.constant dense<0.797884583> : tensor<8x128xf32>
    %0 = stablehlo.multiply %x, %x : tensor<8x128xf32>
    %1 = stablehlo.multiply %0, %x : tensor<8x128xf32>
    %2 = stablehlo.multiply %cubic, %1 : tensor<8x128xf32>
    %3 = stablehlo.add %x, %2 : tensor<8x128xf32>
    %4 = stablehlo.multiply %scale, %3 : tensor<8x128xf32>
    %5 = stablehlo.tanh %4 : tensor<8x128xf32>
    %6 = stablehlo.add %one, %5 : tensor<8x128xf32>
    %7 = stablehlo.multiply %half, %6 : tensor<8x128xf32>
    %8 = stablehlo.multiply %x, %7 : tensor<8x128xf32>
    return %8 : tensor<8x128xf32>
  }

  // x * sigmoid(1.702 * x)
  func.func private @approx_gelu_1(%x: tensor<8x128xf32>, %percent: tensor<i32>) -> tensor<8x128xf32> {
    %scale = stablehlo.constant dense<1.702000e+00> : tensor<8x128xf32>
    %0 = stablehlo.multiply %scale, %x : tensor<8x128xf32>
    %1 = stablehlo.logistic %0 : tensor<8x128xf32>
    %2 = stablehlo.multiply %x, %1 : tensor<8x128xf32>
    return %2 : tensor<8x128xf32>
  }
}
