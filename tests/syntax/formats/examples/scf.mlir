// Every operation with its optional parts, for the tests of the formats.
func.func @l(%n: index, %x: f32, %c: i1, %m: memref<?x4xf32>, %i32: i32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %x) -> (f32) {
    %v = memref.load %m[%i, %c0] {nontemporal = true} : memref<?x4xf32>
    %s = arith.addf %acc, %v : f32
    scf.yield %s : f32
  } {my.attr}
  scf.for %i = %c0 to %n step %c1 { memref.store %x, %m[%i, %c0] : memref<?x4xf32> }
  scf.for unsigned %i = %i32 to %i32 step %i32 : i32 { }
  %2 = scf.if %c -> (f32) { scf.yield %x : f32 } else { scf.yield %r : f32 }
  scf.if %c { }
  %w:2 = scf.while (%a = %x, %b = %n) : (f32, index) -> (f32, index) { scf.condition(%c) %a, %b : f32, index } do {
  ^bb0(%p: f32, %q: index): scf.yield %p, %q : f32, index } attributes {k}
  scf.while : () -> () { scf.condition(%c) } do { scf.yield }
  scf.parallel (%i, %j) = (%c0, %c0) to (%n, %n) step (%c1, %c1) { }
  %3 = scf.parallel (%i) = (%c0) to (%n) step (%c1) init (%x) -> f32 { scf.reduce(%x : f32) { ^bb0(%a: f32, %b: f32): %z = arith.addf %a, %b : f32 scf.reduce.return %z : f32 } }
  %4 = scf.execute_region -> f32 { scf.yield %x : f32 }
  scf.execute_region no_inline { scf.yield }
  %5 = scf.index_switch %n -> f32 case 2 { scf.yield %x : f32 } case 5 { scf.yield %r : f32 } default { scf.yield %x : f32 }
  scf.index_switch %n {x.y} default { }
  %e = tensor.empty(%n) : tensor<?xf32>
  %6 = scf.forall (%i, %j) in (%n, 4) shared_outs(%o = %e) -> (tensor<?xf32>) {
    %t = tensor.extract_slice %o[%i] [1] [1] : tensor<?xf32> to tensor<1xf32>
    scf.forall.in_parallel { tensor.parallel_insert_slice %t into %o[%i] [1] [1] : tensor<1xf32> into tensor<?xf32> } } {mapping = [#gpu.thread<x>, #gpu.thread<y>]}
  scf.forall (%i) = (0) to (%n) step (2) { }
  return %r : f32
}
