// Every operation with its optional parts, for the tests of the formats.
func.func @t(%n: index, %x: f32, %a: tensor<?xf32>, %s: tensor<2xindex>, %d: tensor<4x4xf32>, %is: tensor<1x2xindex>) {
  %0 = tensor.empty() : tensor<4xf32>
  %1 = tensor.dim %a, %n : tensor<?xf32>
  %2 = tensor.extract %a[%n] : tensor<?xf32>
  %3 = tensor.insert %x into %a[%n] : tensor<?xf32>
  %4 = tensor.extract_slice %a[%n] [4] [%n] : tensor<?xf32> to tensor<4xf32>
  %5 = tensor.insert_slice %4 into %a[0] [4] [1] : tensor<4xf32> into tensor<?xf32>
  %6 = tensor.from_elements %x, %x : tensor<2xf32>
  %7 = tensor.splat %x : tensor<4xf32>
  %8 = tensor.splat %x[%n] : tensor<?xf32>
  %9 = tensor.generate %n { ^bb0(%i: index): tensor.yield %x : f32 } : tensor<?xf32>
  %10 = tensor.collapse_shape %d [[0, 1]] : tensor<4x4xf32> into tensor<16xf32>
  %11 = tensor.expand_shape %10 [[0, 1]] output_shape [4, 4] : tensor<16xf32> into tensor<4x4xf32>
  %12 = tensor.reshape %a(%s) : (tensor<?xf32>, tensor<2xindex>) -> tensor<?x?xf32>
  %13 = tensor.concat dim(0) %a, %a : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %14 = tensor.pad %a nofold low[1] high[%n] { ^bb0(%i: index): tensor.yield %x : f32 } : tensor<?xf32> to tensor<?xf32>
  %15 = tensor.cast %a : tensor<?xf32> to tensor<4xf32>
  %16 = tensor.bitcast %0 : tensor<4xf32> to tensor<4xi32>
  %17 = tensor.rank %a : tensor<?xf32>
  %18 = tensor.gather %d[%is] gather_dims([0, 1]) unique : (tensor<4x4xf32>, tensor<1x2xindex>) -> tensor<1x1x1xf32>
  return
}
