func.func @vectors(%m: memref<?x8xf32>, %t: tensor<?xf32>, %i: index, %x: f32, %v: vector<4xf32>, %w: vector<4x8xf32>, %k: vector<4xi1>) {
  %0 = vector.broadcast %x : f32 to vector<4xf32>
  %1 = vector.extract %w[1] : vector<8xf32> from vector<4x8xf32>
  %2 = vector.extract %w[%i, 2] : f32 from vector<4x8xf32>
  %3 = vector.insert %x, %w[0, %i] : f32 into vector<4x8xf32>
  %4 = vector.fma %v, %v, %v : vector<4xf32>
  %5 = vector.reduction <add>, %v, %x : vector<4xf32> into f32
  %6 = vector.multi_reduction <mul>, %w, %v [1] : vector<4x8xf32> to vector<4xf32>
  %7 = vector.load %m[%i, %i] : memref<?x8xf32>, vector<4xf32>
  vector.store %v, %m[%i, %i] : memref<?x8xf32>, vector<4xf32>
  %8 = vector.transfer_read %m[%i, %i], %x {in_bounds = [true]} : memref<?x8xf32>, vector<4xf32>
  %9 = vector.transfer_read %m[%i, %i], %x, %k : memref<?x8xf32>, vector<4xf32>
  vector.transfer_write %v, %m[%i, %i] : vector<4xf32>, memref<?x8xf32>
  %10 = vector.transfer_write %v, %t[%i], %k {in_bounds = [true]} : vector<4xf32>, tensor<?xf32>
  %11 = vector.shape_cast %w : vector<4x8xf32> to vector<32xf32>
  %12 = vector.transpose %w, [1, 0] : vector<4x8xf32> to vector<8x4xf32>
  %13 = vector.shuffle %v, %v [0, 5, 2] : vector<4xf32>, vector<4xf32>
  %14 = vector.outerproduct %v, %1 : vector<4xf32>, vector<8xf32>
  %15 = vector.create_mask %i : vector<4xi1>
  %16 = vector.constant_mask [2] : vector<4xi1>
  %17 = vector.extract_strided_slice %w {offsets = [0], sizes = [2], strides = [1]} : vector<4x8xf32> to vector<2x8xf32>
  %18 = vector.insert_strided_slice %17, %w {offsets = [1, 0], strides = [1, 1]} : vector<2x8xf32> into vector<4x8xf32>
  %19 = vector.contract {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"], kind = #vector.kind<add>} %v, %v, %x : vector<4xf32>, vector<4xf32> into f32
  %20 = vector.maskedload %m[%i, %i], %k, %v : memref<?x8xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  vector.maskedstore %m[%i, %i], %k, %v : memref<?x8xf32>, vector<4xi1>, vector<4xf32>
  %21:4 = vector.to_elements %v : vector<4xf32>
  %22 = vector.from_elements %x, %x : vector<2xf32>
  %23 = vector.step : vector<4xindex>
  vector.print %v : vector<4xf32>
  return
}
// -----
func.func @masked(%k: vector<4xi1>, %v: vector<4xf32>, %x: f32) -> f32 {
  %0 = vector.mask %k { vector.reduction <add>, %v : vector<4xf32> into f32 } : vector<4xi1> -> f32
  return %0 : f32
}
