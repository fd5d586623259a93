// Every operation with its optional parts, for the tests of the formats.
memref.global "private" constant @g : memref<2xf32> = dense<[1.0, 2.0]>
memref.global @h : memref<2xf32> = uninitialized
memref.global "private" @k : memref<2xf32> {alignment = 64 : i64}
func.func @m(%n: index, %x: f32) {
  %0 = memref.alloc(%n) {alignment = 8 : i64} : memref<?xf32>
  %1 = memref.alloc(%n)[%n] : memref<?xf32, affine_map<(d0)[s0] -> (d0 + s0)>>
  %2 = memref.alloca() : memref<4xf32>
  memref.dealloc %0 : memref<?xf32>
  %3 = memref.get_global @g : memref<2xf32>
  %4 = memref.cast %2 : memref<4xf32> to memref<?xf32>
  memref.copy %4, %0 : memref<?xf32> to memref<?xf32>
  %5 = memref.dim %0, %n : memref<?xf32>
  %6 = memref.subview %0[%n] [4] [1] : memref<?xf32> to memref<4xf32, strided<[1], offset: ?>>
  %7 = memref.reinterpret_cast %0 to offset: [0], sizes: [%n, 2], strides: [2, 1] : memref<?xf32> to memref<?x2xf32, strided<[2, 1]>>
  %8 = memref.collapse_shape %7 [[0, 1]] : memref<?x2xf32, strided<[2, 1]>> into memref<?xf32, strided<[1]>>
  %9 = memref.expand_shape %0 [[0, 1]] output_shape [%n, 2] : memref<?xf32> into memref<?x2xf32>
  %10 = memref.transpose %9 (i, j) -> (j, i) : memref<?x2xf32> to memref<2x?xf32, strided<[1, 2]>>
  memref.prefetch %0[%n], read, locality<3>, data : memref<?xf32>
  %11 = memref.atomic_rmw addf %x, %0[%n] : (f32, memref<?xf32>) -> f32
  %12 = memref.generic_atomic_rmw %0[%n] : memref<?xf32> { ^bb0(%old: f32): memref.atomic_yield %old : f32 }
  %b, %o, %s, %t = memref.extract_strided_metadata %0 : memref<?xf32> -> memref<f32>, index, index, index
  %p = memref.extract_aligned_pointer_as_index %0 : memref<?xf32> -> index
  %sh = memref.alloc() : memref<1xindex>
  %rs = memref.reshape %0(%sh) : (memref<?xf32>, memref<1xindex>) -> memref<?xf32>
  %by = memref.alloc() : memref<2048xi8>
  %vw = memref.view %by[%n][%n, %n] : memref<2048xi8> to memref<?x?xf32>
  %as = memref.assume_alignment %0, 16 : memref<?xf32>
  %rk = memref.rank %0 : memref<?xf32>
  %sp = memref.memory_space_cast %0 : memref<?xf32> to memref<?xf32, 1>
  memref.alloca_scope { memref.alloca_scope.return }
  %sc = memref.alloca_scope -> f32 { memref.alloca_scope.return %x : f32 }
  %ra = memref.realloc %0 : memref<?xf32> to memref<4xf32>
  %dd:2 = memref.distinct_objects %0, %by : memref<?xf32>, memref<2048xi8>
  return
}
