func.func public @main(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>, %s: tensor<f32>, %n: tensor<i32>, %p: tensor<4x8xi1>,
                       %img: tensor<1x8x8x3xf32>, %ker: tensor<3x3x3x4xf32>) -> (tensor<4x8xf32> {jax.result_info = "result"}) {
  %0 = stablehlo.add %a, %a : tensor<4x8xf32>
  %1 = stablehlo.exponential %0 {tag = 1 : i32} : tensor<4x8xf32>
  %2 = stablehlo.constant dense<1.0> : tensor<4x8xf32>
  %3 = stablehlo.compare LT, %0, %1, FLOAT : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xi1>
  %4 = stablehlo.select %p, %0, %1 : tensor<4x8xi1>, tensor<4x8xf32>
  %5 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0], precision = [DEFAULT, HIGHEST] : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %6 = stablehlo.reduce(%a init: %s) applies stablehlo.add across dimensions = [1] : (tensor<4x8xf32>, tensor<f32>) -> tensor<4xf32>
  %7:2 = stablehlo.reduce(%a init: %s), (%a init: %s) across dimensions = [0] : (tensor<4x8xf32>, tensor<4x8xf32>, tensor<f32>, tensor<f32>) -> (tensor<8xf32>, tensor<8xf32>)
    reducer(%x: tensor<f32>, %y: tensor<f32>) (%z: tensor<f32>, %w: tensor<f32>) {
    %m = stablehlo.maximum %x, %y : tensor<f32>
    stablehlo.return %m, %w : tensor<f32>, tensor<f32>
  }
  %8:2 = stablehlo.while(%i = %n, %acc = %s) : tensor<i32>, tensor<f32> attributes {tag} cond {
    %c = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    stablehlo.return %c : tensor<i1>
  } do {
    stablehlo.return %i, %acc : tensor<i32>, tensor<f32>
  }
  %9 = stablehlo.broadcast_in_dim %6, dims = [0] : (tensor<4xf32>) -> tensor<4x8xf32>
  %10 = stablehlo.reshape %a : (tensor<4x8xf32>) -> tensor<32xf32>
  %11 = stablehlo.convert %n : (tensor<i32>) -> tensor<f32>
  %12 = stablehlo.slice %a [0:4, 0:8:2] : (tensor<4x8xf32>) -> tensor<4x4xf32>
  %13 = stablehlo.dynamic_slice %a, %n, %n, sizes = [1, 8] : (tensor<4x8xf32>, tensor<i32>, tensor<i32>) -> tensor<1x8xf32>
  %14 = stablehlo.dynamic_update_slice %a, %13, %n, %n : (tensor<4x8xf32>, tensor<1x8xf32>, tensor<i32>, tensor<i32>) -> tensor<4x8xf32>
  %15 = stablehlo.concatenate %a, %a, dim = 0 : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<8x8xf32>
  %16 = stablehlo.iota dim = 0 : tensor<4xi32>
  %17 = stablehlo.transpose %a, dims = [1, 0] : (tensor<4x8xf32>) -> tensor<8x4xf32>
  %18 = stablehlo.pad %a, %s, low = [0, 1], high = [0, 1], interior = [0, 0] : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x10xf32>
  %19 = stablehlo.convolution(%img, %ker) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {stride = [2, 2], pad = [[1, 1], [1, 1]], rhs_dilate = [1, 1]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64, precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>]} : (tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x4x4x4xf32>
  %20 = stablehlo.clamp %s, %a, %s : (tensor<f32>, tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %21 = stablehlo.custom_call @helper(%a) {backend_config = ""} : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %22 = stablehlo.reverse %a, dims = [1] : tensor<4x8xf32>
  %23 = stablehlo.tuple %a, %s : tuple<tensor<4x8xf32>, tensor<f32>>
  %24 = stablehlo.get_tuple_element %23[1] : (tuple<tensor<4x8xf32>, tensor<f32>>) -> tensor<f32>
  %25:2 = stablehlo.optimization_barrier %a, %s : tensor<4x8xf32>, tensor<f32>
  %26 = stablehlo.complex %a, %a : tensor<4x8xcomplex<f32>>
  %27 = stablehlo.real %26 : (tensor<4x8xcomplex<f32>>) -> tensor<4x8xf32>
  %28 = stablehlo.is_finite %a : (tensor<4x8xf32>) -> tensor<4x8xi1>
  %29 = stablehlo.reduce_precision %a, format = e5m10 : tensor<4x8xf32>
  %30 = chlo.tan %a : tensor<4x8xf32> -> tensor<4x8xf32>
  %31 = chlo.broadcast_add %a, %s : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %32:2 = chlo.top_k(%a, k = 2) : tensor<4x8xf32> -> (tensor<4x2xf32>, tensor<4x2xi32>)
  return %0 : tensor<4x8xf32>
}
