// Conversions to short floating-point numbers, as LLVM calls them on processors without an instruction for
// it; C libraries and compilers have them in their newest versions only. Ties round to even.

llvm.func weak hidden @__truncsfbf2(%x: f32) -> bf16 {
  %bits = llvm.bitcast %x : f32 to i32
  %sixteen = llvm.mlir.constant(16 : i32) : i32
  %one = llvm.mlir.constant(1 : i32) : i32
  %below_half = llvm.mlir.constant(32767 : i32) : i32
  %quiet = llvm.mlir.constant(64 : i32) : i32
  %high = llvm.lshr %bits, %sixteen : i32
  %odd = llvm.and %high, %one : i32
  %step = llvm.add %below_half, %odd : i32
  %raised = llvm.add %bits, %step : i32
  %rounded = llvm.lshr %raised, %sixteen : i32
  %nan = llvm.or %high, %quiet : i32
  %is_nan = llvm.fcmp "uno" %x, %x : f32
  %chosen = llvm.select %is_nan, %nan, %rounded : i1, i32
  %short = llvm.trunc %chosen : i32 to i16
  %result = llvm.bitcast %short : i16 to bf16
  llvm.return %result : bf16
}

llvm.func weak hidden @__truncdfbf2(%x: f64) -> bf16 {
  %odd = llvm.call @approx_round_to_odd(%x) : (f64) -> f32
  %result = llvm.call @__truncsfbf2(%odd) : (f32) -> bf16
  llvm.return %result : bf16
}

llvm.func weak hidden @__truncdfhf2(%x: f64) -> f16 {
  %odd = llvm.call @approx_round_to_odd(%x) : (f64) -> f32
  %result = llvm.fptrunc %odd : f32 to f16
  llvm.return %result : f16
}

// A number that is rounded towards zero, and made odd if that changes it, can be rounded once more without
// harm.
llvm.func internal @approx_round_to_odd(%x: f64) -> f32 {
  %near = llvm.fptrunc %x : f64 to f32
  %back = llvm.fpext %near : f32 to f64
  %magnitude = llvm.intr.fabs(%x) : (f64) -> f64
  %reached = llvm.intr.fabs(%back) : (f64) -> f64
  %beyond = llvm.fcmp "ogt" %reached, %magnitude : f64
  %inexact = llvm.fcmp "one" %back, %x : f64
  %bits = llvm.bitcast %near : f32 to i32
  %less = llvm.zext %beyond : i1 to i32
  %mark = llvm.zext %inexact : i1 to i32
  %truncated = llvm.sub %bits, %less : i32
  %marked = llvm.or %truncated, %mark : i32
  %result = llvm.bitcast %marked : i32 to f32
  llvm.return %result : f32
}
