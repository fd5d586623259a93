// Every operation with its optional parts, for the tests of the formats.
func.func @a(%x: i32, %y: i32, %f: f32, %c: i1, %v: vector<4xi1>, %w: vector<4xf32>) -> (i32, f32 {a.b = 1 : i32}) attributes {foo.x} {
  %0 = arith.addi %x, %y overflow<nsw, nuw> {q = 1 : i32} : i32
  %1 = arith.cmpi slt, %x, %y : i32
  %2 = arith.select %c, %x, %y : i32
  %3 = arith.select %v, %w, %w : vector<4xi1>, vector<4xf32>
  %4 = arith.constant dense<1.0> : tensor<4xf32>
  %5 = arith.constant true
  %6 = arith.constant 1.5 : f32
  %7 = arith.cmpf olt, %w, %w fastmath<fast> : vector<4xf32>
  %8 = arith.extf %f : f32 to f64
  %9 = arith.truncf %8 to_nearest_even : f64 to f32
  %10:2 = arith.mulsi_extended %x, %y : i32
  %11 = arith.extui %x : i32 to i64
  %12, %13 = arith.addui_extended %x, %y : i32, i1
  %14 = arith.shrui %x, %y exact : i32
  %15 = arith.index_cast %x : i32 to index
  %16 = math.exp %f fastmath<contract> : f32
  %17 = math.fpowi %f, %x : f32, i32
  %18 = math.isnan %f : f32
  %19 = index.add %15, %15
  %20 = index.cmp ult(%15, %15)
  %21 = index.constant 4
  %22 = index.casts %15 : index to i32
  %23 = index.bool.constant true
  %24:2 = call @b(%x, %10#1) : (i32, i32) -> (i32, i32)
  %25 = func.constant @b : (i32, i32) -> (i32, i32)
  %26:2 = func.call_indirect %25(%x, %y) : (i32, i32) -> (i32, i32)
  %27 = builtin.unrealized_conversion_cast %x, %y : i32, i32 to i64
  %28 = math.clampf %f to [%f, %f] : f32
  return %0, %f : i32, f32
}
func.func private @b(i32, i32 {x.y}) -> (i32, i32)
func.func @"q c"(%x: i32) { cf.br ^bb1(%x : i32)
^bb1(%y: i32):
  %c = arith.cmpi eq, %y, %x : i32
  cf.assert %c, "no"
  cf.cond_br %c weights([1, 2]), ^bb1(%x : i32), ^bb2
^bb2:
  cf.switch %x : i32, [ default: ^bb1(%x : i32), 42: ^bb2, 43: ^bb1(%y : i32) ]
}
