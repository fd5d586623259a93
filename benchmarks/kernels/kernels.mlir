// The kernels of kernels.c.

func.func @saxpy(%n: index, %a: f32, %x: memref<?xf32>, %y: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %p = memref.load %x[%i] : memref<?xf32>
    %q = memref.load %y[%i] : memref<?xf32>
    %r = arith.mulf %a, %p : f32
    %s = arith.addf %q, %r : f32
    memref.store %s, %y[%i] : memref<?xf32>
  }
  return
}

func.func @dot(%n: index, %x: memref<?xf64>, %y: memref<?xf64>) -> f64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
    %p = memref.load %x[%i] : memref<?xf64>
    %q = memref.load %y[%i] : memref<?xf64>
    %r = arith.mulf %p, %q : f64
    %t = arith.addf %s, %r : f64
    scf.yield %t : f64
  }
  return %sum : f64
}

func.func @count_above(%n: index, %x: memref<?xi32>, %limit: i32) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i32
  %count = scf.for %i = %c0 to %n step %c1 iter_args(%s = %zero) -> (i32) {
    %p = memref.load %x[%i] : memref<?xi32>
    %above = arith.cmpi sgt, %p, %limit : i32
    %one = arith.extui %above : i1 to i32
    %t = arith.addi %s, %one : i32
    scf.yield %t : i32
  }
  return %count : i32
}

func.func @matmul(%n: index, %a: memref<?x?xf32>, %b: memref<?x?xf32>, %c: memref<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %k = %c0 to %n step %c1 {
      %p = memref.load %a[%i, %k] : memref<?x?xf32>
      scf.for %j = %c0 to %n step %c1 {
        %q = memref.load %b[%k, %j] : memref<?x?xf32>
        %s = memref.load %c[%i, %j] : memref<?x?xf32>
        %r = arith.mulf %p, %q : f32
        %t = arith.addf %s, %r : f32
        memref.store %t, %c[%i, %j] : memref<?x?xf32>
      }
    }
  }
  return
}

func.func @jacobi(%n: index, %a: memref<?x?xf32>, %b: memref<?x?xf32>) {
  %c1 = arith.constant 1 : index
  %quarter = arith.constant 0.25 : f32
  %last = arith.subi %n, %c1 : index
  scf.for %i = %c1 to %last step %c1 {
    %up = arith.subi %i, %c1 : index
    %down = arith.addi %i, %c1 : index
    scf.for %j = %c1 to %last step %c1 {
      %left = arith.subi %j, %c1 : index
      %right = arith.addi %j, %c1 : index
      %p = memref.load %a[%up, %j] : memref<?x?xf32>
      %q = memref.load %a[%down, %j] : memref<?x?xf32>
      %r = memref.load %a[%i, %left] : memref<?x?xf32>
      %s = memref.load %a[%i, %right] : memref<?x?xf32>
      %t = arith.addf %p, %q : f32
      %u = arith.addf %t, %r : f32
      %v = arith.addf %u, %s : f32
      %w = arith.mulf %quarter, %v : f32
      memref.store %w, %b[%i, %j] : memref<?x?xf32>
    }
  }
  return
}

func.func @histogram(%n: index, %x: memref<?xi32>, %counts: memref<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1 : i32
  scf.for %i = %c0 to %n step %c1 {
    %p = memref.load %x[%i] : memref<?xi32>
    %bin = arith.index_cast %p : i32 to index
    %q = memref.load %counts[%bin] : memref<?xi32>
    %r = arith.addi %q, %one : i32
    memref.store %r, %counts[%bin] : memref<?xi32>
  }
  return
}

func.func @potential(%n: index, %x: memref<?xf32>, %y: memref<?xf32>, %q: memref<?xf32>, %v: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %soft = arith.constant 1.0e-3 : f32
  scf.for %i = %c0 to %n step %c1 {
    %xi = memref.load %x[%i] : memref<?xf32>
    %yi = memref.load %y[%i] : memref<?xf32>
    %sum = scf.for %j = %c0 to %n step %c1 iter_args(%s = %zero) -> (f32) {
      %xj = memref.load %x[%j] : memref<?xf32>
      %yj = memref.load %y[%j] : memref<?xf32>
      %qj = memref.load %q[%j] : memref<?xf32>
      %dx = arith.subf %xi, %xj : f32
      %dy = arith.subf %yi, %yj : f32
      %dx2 = arith.mulf %dx, %dx : f32
      %dy2 = arith.mulf %dy, %dy : f32
      %d2 = arith.addf %dx2, %dy2 : f32
      %d3 = arith.addf %d2, %soft : f32
      %d = math.sqrt %d3 : f32
      %term = arith.divf %qj, %d : f32
      %t = arith.addf %s, %term : f32
      scf.yield %t : f32
    }
    memref.store %sum, %v[%i] : memref<?xf32>
  }
  return
}

func.func @spmv(%n: index, %starts: memref<?xi32>, %columns: memref<?xi32>, %values: memref<?xf64>,
                %x: memref<?xf64>, %y: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  scf.for %i = %c0 to %n step %c1 {
    %next = arith.addi %i, %c1 : index
    %first = memref.load %starts[%i] : memref<?xi32>
    %last = memref.load %starts[%next] : memref<?xi32>
    %from = arith.index_cast %first : i32 to index
    %to = arith.index_cast %last : i32 to index
    %sum = scf.for %k = %from to %to step %c1 iter_args(%s = %zero) -> (f64) {
      %column = memref.load %columns[%k] : memref<?xi32>
      %j = arith.index_cast %column : i32 to index
      %p = memref.load %values[%k] : memref<?xf64>
      %q = memref.load %x[%j] : memref<?xf64>
      %r = arith.mulf %p, %q : f64
      %t = arith.addf %s, %r : f64
      scf.yield %t : f64
    }
    memref.store %sum, %y[%i] : memref<?xf64>
  }
  return
}

func.func @exponential(%n: index, %x: memref<?xf32>, %y: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %p = memref.load %x[%i] : memref<?xf32>
    %q = math.exp %p : f32
    memref.store %q, %y[%i] : memref<?xf32>
  }
  return
}

func.func @nearest(%n: index, %k: index, %d: index, %points: memref<?x?xf32>, %centres: memref<?x?xf32>,
                   %labels: memref<?xi32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %none = arith.constant 0 : i32
  %far = arith.constant 0x7F800000 : f32
  scf.for %i = %c0 to %n step %c1 {
    %found:2 = scf.for %c = %c0 to %k step %c1 iter_args(%best = %far, %label = %none) -> (f32, i32) {
      %distance = scf.for %j = %c0 to %d step %c1 iter_args(%s = %zero) -> (f32) {
        %p = memref.load %points[%i, %j] : memref<?x?xf32>
        %q = memref.load %centres[%c, %j] : memref<?x?xf32>
        %difference = arith.subf %p, %q : f32
        %square = arith.mulf %difference, %difference : f32
        %t = arith.addf %s, %square : f32
        scf.yield %t : f32
      }
      %nearer = arith.cmpf olt, %distance, %best : f32
      %number = arith.index_cast %c : index to i32
      %new_best = arith.select %nearer, %distance, %best : f32
      %new_label = arith.select %nearer, %number, %label : i32
      scf.yield %new_best, %new_label : f32, i32
    }
    memref.store %found#1, %labels[%i] : memref<?xi32>
  }
  return
}
