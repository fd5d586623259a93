#id = affine_map<(i) -> (i)>
#trait = {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
func.func @structured(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>, %c: tensor<4x2xf32>, %v: tensor<4xf32>, %x: f32,
                      %p: memref<4xf32>, %q: memref<4xf32>, %i: tensor<4x8xi8>, %j: tensor<8x2xi8>, %k: tensor<4x2xi32>, %t: tensor<2x8xf32>) {
  %0 = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x2xf32>) outs(%c : tensor<4x2xf32>) -> tensor<4x2xf32>
  %1 = linalg.fill ins(%x : f32) outs(%c : tensor<4x2xf32>) -> tensor<4x2xf32>
  %2 = linalg.generic #trait ins(%v : tensor<4xf32>) outs(%v : tensor<4xf32>) attrs = {tag} {
  ^bb0(%in: f32, %out: f32):
    %n = linalg.index 0 : index
    %s = arith.addf %in, %out : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"], doc = "a copy"}
    ins(%p : memref<4xf32>) outs(%q : memref<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  }
  %3 = linalg.map { math.exp } ins(%v : tensor<4xf32>) outs(%v : tensor<4xf32>)
  %4 = linalg.reduce { arith.addf } ins(%c : tensor<4x2xf32>) outs(%v : tensor<4xf32>) dimensions = [1]
  %5 = linalg.reduce ins(%c : tensor<4x2xf32>) outs(%v : tensor<4xf32>) dimensions = [1]
    (%in: f32, %init: f32) {
      %s = arith.mulf %in, %init : f32
      linalg.yield %s : f32
    }
  %6 = linalg.transpose ins(%b : tensor<8x2xf32>) outs(%t : tensor<2x8xf32>) permutation = [1, 0]
  %7 = linalg.broadcast ins(%v : tensor<4xf32>) outs(%c : tensor<4x2xf32>) dimensions = [1]
  %8 = linalg.matmul {cast = #linalg.type_fn<cast_unsigned>} ins(%i, %j : tensor<4x8xi8>, tensor<8x2xi8>) outs(%k : tensor<4x2xi32>) -> tensor<4x2xi32>
  linalg.copy ins(%p : memref<4xf32>) outs(%q : memref<4xf32>)
  linalg.exp ins(%p : memref<4xf32>) outs(%q : memref<4xf32>)
  linalg.add ins(%p, %p : memref<4xf32>, memref<4xf32>) outs(%q : memref<4xf32>)
  return
}
