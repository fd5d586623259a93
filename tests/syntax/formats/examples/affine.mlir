#map = affine_map<(d0)[s0] -> (d0 + s0)>
#set = affine_set<(d0)[s0] : (d0 - 1 >= 0, s0 - d0 == 0)>
func.func @bounds(%n: index, %m: memref<?x8xf32>, %x: f32) -> f32 {
  affine.for %i = 0 to 10 {
  }
  affine.for %i = %n to #map(%n)[%n] step 2 {
    affine.for %j = max affine_map<(d0) -> (d0, 3)>(%i) to min #map(%i)[%n] {
      %v = affine.load %m[%i + 1, symbol(%n) * 2 + %j mod 3] : memref<?x8xf32>
      affine.store %v, %m[%i, %i] {note = "same value twice"} : memref<?x8xf32>
    } {tag}
  }
  %r:2 = affine.for %i = -1 to 4 iter_args(%a = %x, %b = %n) -> (f32, index) {
    affine.yield %a, %b : f32, index
  }
  %0 = affine.apply affine_map<(d0, d1)[s0] -> (d0 + d1 floordiv s0)>(%n, %n)[%n]
  %1 = affine.min affine_map<(d0) -> (d0, 4)>(%n)
  %2 = affine.max #map(%n)[%n]
  affine.if #set(%n)[%n] {
  } else {
    affine.prefetch %m[%n, 3], write, locality<1>, data : memref<?x8xf32>
  }
  %3 = affine.if affine_set<() : (1 == 0)>() -> f32 {
    affine.yield %x : f32
  } else {
    affine.yield %r#0 : f32
  }
  affine.parallel (%i, %j) = (0, max(%n, 1)) to (%n, min(10, %n)) step (1, 2) {
  }
  %4 = affine.parallel (%i) = (0) to (8) reduce ("addf") -> (f32) {
    affine.yield %x : f32
  }
  %5 = affine.vector_load %m[%n, 0] : memref<?x8xf32>, vector<4xf32>
  affine.vector_store %5, %m[0, 0] : memref<?x8xf32>, vector<4xf32>
  %6:2 = affine.delinearize_index %n into (%n, 4) : index, index
  %7 = affine.linearize_index disjoint [%6#0, %6#1] by (%n, 4) : index
  return %3 : f32
}
