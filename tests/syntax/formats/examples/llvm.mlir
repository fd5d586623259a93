llvm.mlir.global private constant @text("hi\0A\00") {addr_space = 0 : i32}
llvm.mlir.global internal @counter(0 : i32) {alignment = 4 : i64} : i32
llvm.mlir.global external @table() {addr_space = 0 : i32} : !llvm.array<4 x ptr>
llvm.func @printf(!llvm.ptr, ...) -> i32
llvm.func internal @plain(%a: i32 {llvm.noundef}, %p: !llvm.ptr) -> i32 attributes {passthrough = ["nounwind"]} {
  %0 = llvm.mlir.constant(1 : i32) : i32
  %1 = llvm.add %a, %0 overflow<nsw> : i32
  %2 = llvm.icmp "slt" %1, %0 : i32
  %3 = llvm.alloca %0 x !llvm.struct<(i32, f32)> {alignment = 8 : i64} : (i32) -> !llvm.ptr
  %4 = llvm.getelementptr inbounds %3[%a, 1] : (!llvm.ptr, i32) -> !llvm.ptr, !llvm.struct<(i32, f32)>
  %5 = llvm.load volatile %4 {alignment = 4 : i64} : !llvm.ptr -> f32
  llvm.store %5, %p : f32, !llvm.ptr
  %6 = llvm.mlir.addressof @text : !llvm.ptr
  %7 = llvm.call @printf(%6) vararg(!llvm.func<i32 (ptr, ...)>) : (!llvm.ptr) -> i32
  %8 = llvm.mlir.undef : !llvm.struct<(i32, array<2 x f32>)>
  %9 = llvm.insertvalue %a, %8[0] : !llvm.struct<(i32, array<2 x f32>)>
  %10 = llvm.extractvalue %9[1, 0] : !llvm.struct<(i32, array<2 x f32>)>
  %11 = llvm.fcmp "olt" %10, %5 : f32
  %12 = llvm.select %11, %10, %5 : i1, f32
  %13 = llvm.sext %a : i32 to i64
  %14 = llvm.intr.sqrt(%5) : (f32) -> f32
  %15 = llvm.mlir.zero : !llvm.ptr
  %16 = llvm.fadd %5, %5 {fastmathFlags = #llvm.fastmath<fast>} : f32
  llvm.cond_br %2 weights([1, 2]), ^bb1(%a : i32), ^bb2
^bb1(%b: i32):
  llvm.switch %b : i32, ^bb2 [1: ^bb1(%a : i32), 2: ^bb2]
^bb2:
  %17 = llvm.call %p(%a) : !llvm.ptr, (i32) -> i32
  llvm.call tail @nothing() : () -> ()
  llvm.return %17 : i32
}
llvm.func @nothing() {
  llvm.unreachable
}
