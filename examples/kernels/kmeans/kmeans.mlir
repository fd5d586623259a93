// K-means: puts n points of d coordinates each into k clusters, in a fixed number of iterations. The number of
// coordinates is a multiple of four.
//
// An iteration assigns each point to the nearest of the k centres, and moves each centre to the mean of its
// points. Three loops may be perforated: those over the centres and over the points, depending on the number of
// the iteration, and that over the iterations, depending on the number of points.
//
// approxir: disable-file=AX024 -- sums of fewer points are what is wanted, and a label may well be an old one
module {
  // The loop over the centres: a point is compared with the centre that it has, and with every v-th from there
  // on. Once most points stay where they are, little is lost by that.
  "approx.util.annotation.decision_tree"() <{
    func_name = "nearest",
    transform_type = "loop_perforate",
    state_function = "number",
    state_indices = array<i64: 0>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 16>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 32>,
    decisions = array<i32: 1, 2>,
    decision_values = array<i32: 1, 2, 3, 4>
  }> : () -> ()

  // The loop over the points: those that are left out keep their labels and move no centre. The first
  // iterations decide which clusters are found, and in the last ones fewer points give nearly the same means.
  "approx.util.annotation.decision_tree"() <{
    func_name = "assign",
    transform_type = "loop_perforate",
    state_function = "number",
    state_indices = array<i64: 0>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 24>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 32>,
    decisions = array<i32: 1, 2>,
    decision_values = array<i32: 1, 2, 3, 4>
  }> : () -> ()

  // The loop over the iterations: the more points there are, the more time it saves to do fewer.
  "approx.util.annotation.decision_tree"() <{
    func_name = "iterate",
    transform_type = "loop_perforate",
    state_function = "number",
    state_indices = array<i64: 0>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 6000>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 16000>,
    decisions = array<i32: 1, 2>,
    decision_values = array<i32: 1, 2, 3, 4>
  }> : () -> ()

  func.func private @number(%n: index) -> i32 {
    %state = arith.index_cast %n : index to i32
    return %state : i32
  }

  // The square of the distance of a point from a centre, whose coordinates begin at the offsets. The squares
  // are added up in four sums, so that they need not wait for one another.
  func.func private @distance(%d: index, %point: index, %points: memref<?xf32>,
                              %centre: index, %centres: memref<?xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %zero = arith.constant 0.000000e+00 : f32
    %sums:4 = scf.for %j = %c0 to %d step %c4
        iter_args(%s0 = %zero, %s1 = %zero, %s2 = %zero, %s3 = %zero) -> (f32, f32, f32, f32) {
      %p = arith.addi %point, %j : index
      %c = arith.addi %centre, %j : index
      %x0 = memref.load %points[%p] : memref<?xf32>
      %y0 = memref.load %centres[%c] : memref<?xf32>
      %d0 = arith.subf %x0, %y0 : f32
      %q0 = arith.mulf %d0, %d0 : f32
      %t0 = arith.addf %s0, %q0 : f32
      %p_1 = arith.addi %p, %c1 : index
      %c_1 = arith.addi %c, %c1 : index
      %x1 = memref.load %points[%p_1] : memref<?xf32>
      %y1 = memref.load %centres[%c_1] : memref<?xf32>
      %d1 = arith.subf %x1, %y1 : f32
      %q1 = arith.mulf %d1, %d1 : f32
      %t1 = arith.addf %s1, %q1 : f32
      %p_2 = arith.addi %p, %c2 : index
      %c_2 = arith.addi %c, %c2 : index
      %x2 = memref.load %points[%p_2] : memref<?xf32>
      %y2 = memref.load %centres[%c_2] : memref<?xf32>
      %d2 = arith.subf %x2, %y2 : f32
      %q2 = arith.mulf %d2, %d2 : f32
      %t2 = arith.addf %s2, %q2 : f32
      %p_3 = arith.addi %p, %c3 : index
      %c_3 = arith.addi %c, %c3 : index
      %x3 = memref.load %points[%p_3] : memref<?xf32>
      %y3 = memref.load %centres[%c_3] : memref<?xf32>
      %d3 = arith.subf %x3, %y3 : f32
      %q3 = arith.mulf %d3, %d3 : f32
      %t3 = arith.addf %s3, %q3 : f32
      scf.yield %t0, %t1, %t2, %t3 : f32, f32, f32, f32
    }
    %even = arith.addf %sums#0, %sums#2 : f32
    %odd = arith.addf %sums#1, %sums#3 : f32
    %sum = arith.addf %even, %odd : f32
    return %sum : f32
  }

  // The centre that is nearest to a point; the search begins with the centre `first` and goes round once.
  func.func private @nearest(%iteration: index, %first: index, %k: index, %d: index, %point: index,
                             %points: memref<?xf32>, %centres: memref<?xf32>) -> index {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %far = arith.constant 0x7F800000 : f32
    %found:2 = scf.for %t = %c0 to %k step %c1 iter_args(%best = %far, %label = %first) -> (f32, index) {
      %on = arith.addi %first, %t : index
      %round = arith.subi %on, %k : index
      %inside = arith.cmpi ult, %on, %k : index
      %c = arith.select %inside, %on, %round : index
      %centre = arith.muli %c, %d : index
      %distance = func.call @distance(%d, %point, %points, %centre, %centres)
        : (index, index, memref<?xf32>, index, memref<?xf32>) -> f32
      %nearer = arith.cmpf olt, %distance, %best : f32
      %new_best = arith.select %nearer, %distance, %best : f32
      %new_label = arith.select %nearer, %c, %label : index
      scf.yield %new_best, %new_label : f32, index
    }
    return %found#1 : index
  }

  // Assigns the points to centres, and adds up the points of each.
  func.func private @assign(%iteration: index, %n: index, %k: index, %d: index, %points: memref<?xf32>,
                            %centres: memref<?xf32>, %labels: memref<?xi32>,
                            %sums: memref<?xf32>, %counts: memref<?xi32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %one = arith.constant 1 : i32
    scf.for %i = %c0 to %n step %c1 {
      %point = arith.muli %i, %d : index
      %before = memref.load %labels[%i] : memref<?xi32>
      %first = arith.index_cast %before : i32 to index
      %label = func.call @nearest(%iteration, %first, %k, %d, %point, %points, %centres)
        : (index, index, index, index, index, memref<?xf32>, memref<?xf32>) -> index
      %after = arith.index_cast %label : index to i32
      memref.store %after, %labels[%i] : memref<?xi32>
      %count = memref.load %counts[%label] : memref<?xi32>
      %more = arith.addi %count, %one : i32
      memref.store %more, %counts[%label] : memref<?xi32>
      %sum = arith.muli %label, %d : index
      scf.for %j = %c0 to %d step %c1 {
        %at_point = arith.addi %point, %j : index
        %at_sum = arith.addi %sum, %j : index
        %p = memref.load %points[%at_point] : memref<?xf32>
        %s = memref.load %sums[%at_sum] : memref<?xf32>
        %t = arith.addf %s, %p : f32
        memref.store %t, %sums[%at_sum] : memref<?xf32>
      }
    }
    return
  }

  // Moves each centre to the mean of its points; one that has none stays.
  func.func private @move(%k: index, %d: index, %sums: memref<?xf32>, %counts: memref<?xi32>,
                          %centres: memref<?xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %none = arith.constant 0 : i32
    scf.for %c = %c0 to %k step %c1 {
      %count = memref.load %counts[%c] : memref<?xi32>
      %any = arith.cmpi sgt, %count, %none : i32
      scf.if %any {
        %size = arith.sitofp %count : i32 to f32
        %centre = arith.muli %c, %d : index
        scf.for %j = %c0 to %d step %c1 {
          %at = arith.addi %centre, %j : index
          %s = memref.load %sums[%at] : memref<?xf32>
          %mean = arith.divf %s, %size : f32
          memref.store %mean, %centres[%at] : memref<?xf32>
        }
      }
    }
    return
  }

  func.func private @clear(%k: index, %d: index, %sums: memref<?xf32>, %counts: memref<?xi32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %none = arith.constant 0 : i32
    %size = arith.muli %k, %d : index
    scf.for %at = %c0 to %size step %c1 {
      memref.store %zero, %sums[%at] : memref<?xf32>
    }
    scf.for %c = %c0 to %k step %c1 {
      memref.store %none, %counts[%c] : memref<?xi32>
    }
    return
  }

  func.func private @iterate(%n: index, %k: index, %d: index, %iterations: index, %points: memref<?xf32>,
                             %centres: memref<?xf32>, %labels: memref<?xi32>,
                             %sums: memref<?xf32>, %counts: memref<?xi32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %iteration = %c0 to %iterations step %c1 {
      func.call @clear(%k, %d, %sums, %counts) : (index, index, memref<?xf32>, memref<?xi32>) -> ()
      func.call @assign(%iteration, %n, %k, %d, %points, %centres, %labels, %sums, %counts)
        : (index, index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi32>, memref<?xf32>, memref<?xi32>) -> ()
      func.call @move(%k, %d, %sums, %counts, %centres)
        : (index, index, memref<?xf32>, memref<?xi32>, memref<?xf32>) -> ()
    }
    return
  }

  // The centres after the iterations, from those in `initial`: k times d coordinates, as the points have them.
  func.func @kmeans(%n: index, %k: index, %d: index, %iterations: index, %points: memref<?xf32>,
                    %initial: memref<?xf32>, %centres: memref<?xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %size = arith.muli %k, %d : index
    %sums = memref.alloc(%size) : memref<?xf32>
    %counts = memref.alloc(%k) : memref<?xi32>
    %labels = memref.alloc(%n) : memref<?xi32>
    scf.for %at = %c0 to %size step %c1 {
      %x = memref.load %initial[%at] : memref<?xf32>
      memref.store %x, %centres[%at] : memref<?xf32>
    }
    scf.for %i = %c0 to %n step %c1 {
      %c = arith.remui %i, %k : index
      %label = arith.index_cast %c : index to i32
      memref.store %label, %labels[%i] : memref<?xi32>
    }
    func.call @iterate(%n, %k, %d, %iterations, %points, %centres, %labels, %sums, %counts)
      : (index, index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi32>, memref<?xf32>, memref<?xi32>) -> ()
    memref.dealloc %labels : memref<?xi32>
    memref.dealloc %counts : memref<?xi32>
    memref.dealloc %sums : memref<?xf32>
    return
  }
}
