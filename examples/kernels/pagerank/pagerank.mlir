// PageRank: the rank of each node of a directed graph is the chance to be there after a long walk, which at each
// step follows a random link (with the probability "damping") or jumps to a random node. It is computed by power
// iteration. A graph is given by its in-neighbours: those of node i are sources[starts[i]] to
// sources[starts[i + 1] - 1], those that are likely to matter most first.
//
// Errors of early iterations shrink with each one that follows, so that these need not be exact, nor all be done.
// And the last in-neighbours of a node hardly count: what is lost with them is a similar share of every rank.
module {
  // Early iterations: 0 skips one, the ranks stay as they are; 1 does it.
  "approx.util.annotation.decision_tree"() <{
    func_name = "sweep",
    transform_type = "task_skipping",
    state_function = "iteration_number",
    state_indices = array<i64: 0>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 10>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 20>,
    decisions = array<i32: 0, 1>,
    decision_values = array<i32: 0, 1>
  }> : () -> ()

  // The rank of a node, in this iteration from all in-neighbours (0), every second (1) or every third of them (2).
  "approx.util.annotation.decision_tree"() <{
    func_name = "node_rank",
    transform_type = "func_substitute",
    state_function = "iteration_number",
    state_indices = array<i64: 0>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 15>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 20>,
    decisions = array<i32: 1, 0>,
    decision_values = array<i32: 0, 1, 2>
  }> : () -> ()

  // What the in-neighbours give to a node, where its rank is computed from all of them: leaves out the last half
  // (2), third (3) or quarter (4), depending on how many there are.
  "approx.util.annotation.decision_tree"() <{
    func_name = "received",
    transform_type = "loop_perforate",
    transform_options = {scheme = "truncate"},
    state_function = "in_degree",
    state_indices = array<i64: 0, 1>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 100>,
    thresholds_lowers = array<i32: 2>,
    thresholds_uppers = array<i32: 500>,
    decisions = array<i32: 2, 3>,
    decision_values = array<i32: 1, 2, 3, 4>
  }> : () -> ()

  func.func private @iteration_number(%iteration: i32) -> i32 {
    return %iteration : i32
  }

  func.func private @in_degree(%first: index, %end: index) -> i32 {
    %degree = arith.subi %end, %first : index
    %state = arith.index_cast %degree : index to i32
    return %state : i32
  }

  func.func private @received(%first: index, %end: index, %sources: memref<?xi32>, %shares: memref<?xf64>) -> f64 {
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f64
    %sum = scf.for %edge = %first to %end step %c1 iter_args(%partial = %zero) -> (f64) {
      %source32 = memref.load %sources[%edge] : memref<?xi32>
      %source = arith.index_cast %source32 : i32 to index
      %share = memref.load %shares[%source] : memref<?xf64>
      %next = arith.addf %partial, %share : f64
      scf.yield %next : f64
    }
    return %sum : f64
  }

  // The same with a stride: from the first one on, which gives most.
  func.func private @received_by(%stride: index, %first: index, %end: index,
                                 %sources: memref<?xi32>, %shares: memref<?xf64>) -> f64 {
    %zero = arith.constant 0.000000e+00 : f64
    %sum = scf.for %edge = %first to %end step %stride iter_args(%partial = %zero) -> (f64) {
      %source32 = memref.load %sources[%edge] : memref<?xi32>
      %source = arith.index_cast %source32 : i32 to index
      %share = memref.load %shares[%source] : memref<?xf64>
      %next = arith.addf %partial, %share : f64
      scf.yield %next : f64
    }
    return %sum : f64
  }

  func.func private @node_rank(%iteration: i32, %first: index, %end: index, %jump: f64, %damping: f64,
                               %sources: memref<?xi32>, %shares: memref<?xf64>) -> f64 {
    %sum = func.call @received(%first, %end, %sources, %shares)
      : (index, index, memref<?xi32>, memref<?xf64>) -> f64
    %followed = arith.mulf %damping, %sum : f64
    %rank = arith.addf %jump, %followed : f64
    return %rank : f64
  }

  func.func private @approx_node_rank_1(%iteration: i32, %first: index, %end: index, %jump: f64, %damping: f64,
                                        %sources: memref<?xi32>, %shares: memref<?xf64>) -> f64 {
    %stride = arith.constant 2 : index
    %sum = func.call @received_by(%stride, %first, %end, %sources, %shares)
      : (index, index, index, memref<?xi32>, memref<?xf64>) -> f64
    %followed = arith.mulf %damping, %sum : f64
    %rank = arith.addf %jump, %followed : f64
    return %rank : f64
  }

  func.func private @approx_node_rank_2(%iteration: i32, %first: index, %end: index, %jump: f64, %damping: f64,
                                        %sources: memref<?xi32>, %shares: memref<?xf64>) -> f64 {
    %stride = arith.constant 3 : index
    %sum = func.call @received_by(%stride, %first, %end, %sources, %shares)
      : (index, index, index, memref<?xi32>, memref<?xf64>) -> f64
    %followed = arith.mulf %damping, %sum : f64
    %rank = arith.addf %jump, %followed : f64
    return %rank : f64
  }

  // One iteration. All ranks are divided into shares before the first one changes.
  func.func private @sweep(%iteration: i32, %n: index, %damping: f64, %starts: memref<?xi64>, %sources: memref<?xi32>,
                           %out_degrees: memref<?xi32>, %shares: memref<?xf64>, %ranks: memref<?xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %none = arith.constant 0 : i32
    %zero = arith.constant 0.000000e+00 : f64
    %one = arith.constant 1.000000e+00 : f64
    %some = arith.cmpi ne, %n, %c0 : index
    scf.if %some {
      // A walk jumps from nodes without links.
      %dangling = scf.for %i = %c0 to %n step %c1 iter_args(%partial = %zero) -> (f64) {
        %rank = memref.load %ranks[%i] : memref<?xf64>
        %links = memref.load %out_degrees[%i] : memref<?xi32>
        %count = arith.sitofp %links : i32 to f64
        %share = arith.divf %rank, %count : f64
        memref.store %share, %shares[%i] : memref<?xf64>
        %stuck = arith.cmpi eq, %links, %none : i32
        %lost = arith.select %stuck, %rank, %zero : f64
        %next = arith.addf %partial, %lost : f64
        scf.yield %next : f64
      }
      %n64 = arith.index_cast %n : index to i64
      %nodes = arith.sitofp %n64 : i64 to f64
      %stopped = arith.subf %one, %damping : f64
      %continued = arith.mulf %damping, %dangling : f64
      %jumping = arith.addf %stopped, %continued : f64
      %jump = arith.divf %jumping, %nodes : f64
      scf.for %i = %c0 to %n step %c1 {
        %i_next = arith.addi %i, %c1 : index
        %first64 = memref.load %starts[%i] : memref<?xi64>
        %end64 = memref.load %starts[%i_next] : memref<?xi64>
        %first = arith.index_cast %first64 : i64 to index
        %end = arith.index_cast %end64 : i64 to index
        %rank = func.call @node_rank(%iteration, %first, %end, %jump, %damping, %sources, %shares)
          : (i32, index, index, f64, f64, memref<?xi32>, memref<?xf64>) -> f64
        memref.store %rank, %ranks[%i] : memref<?xf64>
      }
    }
    return
  }

  func.func @pagerank(%n: index, %iterations: index, %damping: f64, %starts: memref<?xi64>, %sources: memref<?xi32>,
                      %out_degrees: memref<?xi32>, %ranks: memref<?xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %one = arith.constant 1.000000e+00 : f64
    %shares = memref.alloc(%n) : memref<?xf64>
    %n64 = arith.index_cast %n : index to i64
    %nodes = arith.sitofp %n64 : i64 to f64
    %equal = arith.divf %one, %nodes : f64
    scf.for %i = %c0 to %n step %c1 {
      memref.store %equal, %ranks[%i] : memref<?xf64>
    }
    scf.for %k = %c0 to %iterations step %c1 {
      %iteration = arith.index_cast %k : index to i32
      func.call @sweep(%iteration, %n, %damping, %starts, %sources, %out_degrees, %shares, %ranks)
        : (i32, index, f64, memref<?xi64>, memref<?xi32>, memref<?xi32>, memref<?xf64>, memref<?xf64>) -> ()
    }
    memref.dealloc %shares : memref<?xf64>
    return
  }
}
