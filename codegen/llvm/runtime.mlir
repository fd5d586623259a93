// What lowered code calls and no C library has, in LLVM's dialect, so that it is compiled with the module.

// Copies a memref to another one of the same shape. Both are given as MLIR passes a memref of unknown rank:
// its rank, and the address of its descriptor (allocated, aligned, offset, sizes, strides).
llvm.func internal @memrefCopy(%size: i64, %source: !llvm.ptr, %target: !llvm.ptr) {
  %zero = llvm.mlir.constant(0 : i64) : i64
  %one = llvm.mlir.constant(1 : i64) : i64
  %eight = llvm.mlir.constant(8 : i64) : i64
  %rank = llvm.load %source : !llvm.ptr -> i64
  %from_at = llvm.getelementptr %source[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %to_at = llvm.getelementptr %target[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %from = llvm.load %from_at : !llvm.ptr -> !llvm.ptr
  %to = llvm.load %to_at : !llvm.ptr -> !llvm.ptr
  %from_base_at = llvm.getelementptr %from[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %to_base_at = llvm.getelementptr %to[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %from_base = llvm.load %from_base_at : !llvm.ptr -> !llvm.ptr
  %to_base = llvm.load %to_base_at : !llvm.ptr -> !llvm.ptr
  %from_offset_at = llvm.getelementptr %from[16] : (!llvm.ptr) -> !llvm.ptr, i8
  %to_offset_at = llvm.getelementptr %to[16] : (!llvm.ptr) -> !llvm.ptr, i8
  %from_offset = llvm.load %from_offset_at : !llvm.ptr -> i64
  %to_offset = llvm.load %to_offset_at : !llvm.ptr -> i64
  %from_bytes = llvm.mul %from_offset, %size : i64
  %to_bytes = llvm.mul %to_offset, %size : i64
  %from_first = llvm.getelementptr %from_base[%from_bytes] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %to_first = llvm.getelementptr %to_base[%to_bytes] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %sizes = llvm.getelementptr %from[24] : (!llvm.ptr) -> !llvm.ptr, i8
  %width = llvm.mul %rank, %eight : i64
  %from_strides = llvm.getelementptr %sizes[%width] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %to_sizes = llvm.getelementptr %to[24] : (!llvm.ptr) -> !llvm.ptr, i8
  %to_strides = llvm.getelementptr %to_sizes[%width] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  llvm.br ^count(%zero, %one : i64, i64)

// How many elements there are.
^count(%axis: i64, %total: i64):
  %more = llvm.icmp "slt" %axis, %rank : i64
  llvm.cond_br %more, ^next_axis, ^element(%zero : i64)
^next_axis:
  %size_at = llvm.getelementptr %sizes[%axis] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %extent = llvm.load %size_at : !llvm.ptr -> i64
  %product = llvm.mul %total, %extent : i64
  %following = llvm.add %axis, %one : i64
  llvm.br ^count(%following, %product : i64, i64)

// One element after another, its index being taken apart from the last dimension on.
^element(%number: i64):
  %left = llvm.icmp "slt" %number, %total : i64
  %last = llvm.sub %rank, %one : i64
  llvm.cond_br %left, ^split(%last, %number, %zero, %zero : i64, i64, i64, i64), ^done
^split(%dim: i64, %rest: i64, %from_so_far: i64, %to_so_far: i64):
  %inside = llvm.icmp "sge" %dim, %zero : i64
  llvm.cond_br %inside, ^take, ^copy
^take:
  %extent_at = llvm.getelementptr %sizes[%dim] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %dim_size = llvm.load %extent_at : !llvm.ptr -> i64
  %quotient = llvm.sdiv %rest, %dim_size : i64
  %index = llvm.srem %rest, %dim_size : i64
  %from_stride_at = llvm.getelementptr %from_strides[%dim] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %to_stride_at = llvm.getelementptr %to_strides[%dim] : (!llvm.ptr, i64) -> !llvm.ptr, i64
  %from_stride = llvm.load %from_stride_at : !llvm.ptr -> i64
  %to_stride = llvm.load %to_stride_at : !llvm.ptr -> i64
  %from_step = llvm.mul %index, %from_stride : i64
  %to_step = llvm.mul %index, %to_stride : i64
  %from_next = llvm.add %from_so_far, %from_step : i64
  %to_next = llvm.add %to_so_far, %to_step : i64
  %dim_next = llvm.sub %dim, %one : i64
  llvm.br ^split(%dim_next, %quotient, %from_next, %to_next : i64, i64, i64, i64)
^copy:
  %from_shift = llvm.mul %from_so_far, %size : i64
  %to_shift = llvm.mul %to_so_far, %size : i64
  %from_here = llvm.getelementptr %from_first[%from_shift] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  %to_here = llvm.getelementptr %to_first[%to_shift] : (!llvm.ptr, i64) -> !llvm.ptr, i8
  "llvm.intr.memcpy"(%to_here, %from_here, %size) <{isVolatile = false}> : (!llvm.ptr, !llvm.ptr, i64) -> ()
  %number_next = llvm.add %number, %one : i64
  llvm.br ^element(%number_next : i64)
^done:
  llvm.return
}
