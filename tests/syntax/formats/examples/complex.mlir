func.func @numbers(%a: complex<f32>, %x: f32) -> f32 {
  %0 = complex.add %a, %a fastmath<nnan> : complex<f32>
  %1 = complex.re %0 : complex<f32>
  %2 = complex.create %x, %1 : complex<f32>
  %3 = complex.constant [1.0 : f32, -2.0 : f32] : complex<f32>
  %4 = complex.eq %2, %3 : complex<f32>
  %5 = complex.exp %2 : complex<f32>
  %6 = complex.abs %5 : complex<f32>
  %7 = ub.poison : f32
  return %6 : f32
}
