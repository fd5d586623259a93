// LavaMD: the potential energies of particles in a cube of boxes, and the forces on them.
//
// There are side^3 boxes of edge length 1, with as many particles in each; a particle's coordinates are those in
// its box. It interacts with the particles of its own box and of the up to 26 boxes around it: two charges p
// and q at a distance r have the potential energy p q exp(-a r^2), a being 1/2. The larger a particle's charge,
// the more its energy and the force on it count.
//
// What particles of the own box contribute may be perforated, depending on the particle's charge. Of the
// neighbouring boxes an eighth or a quarter of the particles may be left out, for a certain share of the pairs
// of a particle and a box.
module {
  // The loop over the particles of the own box.
  "approx.util.annotation.decision_tree"() <{
    func_name = "own_box",
    transform_type = "loop_perforate",
    transform_options = {rescale = true},
    state_function = "percent",
    state_indices = array<i64: 0>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 50>,
    thresholds_lowers = array<i32: 10>,
    thresholds_uppers = array<i32: 100>,
    decisions = array<i32: 2, 1>,
    decision_values = array<i32: 1, 2, 3, 4>
  }> : () -> ()

  // The particles of one neighbouring box. The state is a number from 0 to 99 that has nothing to do with what is
  // computed, so that a threshold is a share in percent.
  "approx.util.annotation.decision_tree"() <{
    func_name = "neighbour_box",
    transform_type = "func_substitute",
    state_function = "lot",
    state_indices = array<i64: 0, 1>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 70>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 100>,
    decisions = array<i32: 1, 2>,
    decision_values = array<i32: 0, 1, 2>
  }> : () -> ()
  "approx.util.annotation.convert_to_call"() <{func_name = "neighbour_box"}> : () -> ()

  // Charges are from 0.1 to 1.
  func.func private @percent(%charge: f32) -> i32 {
    %hundred = arith.constant 1.000000e+02 : f32
    %scaled = arith.mulf %charge, %hundred : f32
    %state = arith.fptosi %scaled : f32 to i32
    return %state : i32
  }

  // A hash of the numbers of a particle and a box, modulo 100.
  func.func private @lot(%particle: index, %box: index) -> i32 {
    %m1 = arith.constant 0x9E3779B1 : i32
    %m2 = arith.constant 0x85EBCA6B : i32
    %m3 = arith.constant 0x7FEB352D : i32
    %c15 = arith.constant 15 : i32
    %c16 = arith.constant 16 : i32
    %c100 = arith.constant 100 : i32
    %p = arith.index_cast %particle : index to i32
    %b = arith.index_cast %box : index to i32
    %p1 = arith.muli %p, %m1 : i32
    %b1 = arith.muli %b, %m2 : i32
    %h0 = arith.addi %p1, %b1 : i32
    %s0 = arith.shrui %h0, %c16 : i32
    %h1 = arith.xori %h0, %s0 : i32
    %h2 = arith.muli %h1, %m3 : i32
    %s1 = arith.shrui %h2, %c15 : i32
    %h3 = arith.xori %h2, %s1 : i32
    %state = arith.remui %h3, %c100 : i32
    return %state : i32
  }

  // What a particle with charge 1 at x, y, z has as energy, and as force on it, from the particle `j`.
  func.func private @pair(%x: f32, %y: f32, %z: f32, %j: index, %xs: memref<?xf32>, %ys: memref<?xf32>,
                          %zs: memref<?xf32>, %charges: memref<?xf32>) -> (f32, f32, f32, f32) {
    %minus_a = arith.constant -5.000000e-01 : f32
    %xj = memref.load %xs[%j] : memref<?xf32>
    %yj = memref.load %ys[%j] : memref<?xf32>
    %zj = memref.load %zs[%j] : memref<?xf32>
    %qj = memref.load %charges[%j] : memref<?xf32>
    %dx = arith.subf %x, %xj : f32
    %dy = arith.subf %y, %yj : f32
    %dz = arith.subf %z, %zj : f32
    %dx2 = arith.mulf %dx, %dx : f32
    %dy2 = arith.mulf %dy, %dy : f32
    %dz2 = arith.mulf %dz, %dz : f32
    %dxy2 = arith.addf %dx2, %dy2 : f32
    %r2 = arith.addf %dxy2, %dz2 : f32
    %exponent = arith.mulf %minus_a, %r2 : f32
    %decay = math.exp %exponent : f32
    // The derivative of exp(-a r^2) is -2 a exp(-a r^2) times the distance, and 2 a is 1.
    %v = arith.mulf %qj, %decay : f32
    %fx = arith.mulf %v, %dx : f32
    %fy = arith.mulf %v, %dy : f32
    %fz = arith.mulf %v, %dz : f32
    return %v, %fx, %fy, %fz : f32, f32, f32, f32
  }

  // The sums over the particles from `begin` to `end`.
  func.func private @particles(%x: f32, %y: f32, %z: f32, %begin: index, %end: index,
                               %xs: memref<?xf32>, %ys: memref<?xf32>, %zs: memref<?xf32>,
                               %charges: memref<?xf32>) -> (f32, f32, f32, f32) {
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %sum:4 = scf.for %j = %begin to %end step %c1
        iter_args(%v = %zero, %fx = %zero, %fy = %zero, %fz = %zero) -> (f32, f32, f32, f32) {
      %one:4 = func.call @pair(%x, %y, %z, %j, %xs, %ys, %zs, %charges)
        : (f32, f32, f32, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>) -> (f32, f32, f32, f32)
      %next_v = arith.addf %v, %one#0 : f32
      %next_fx = arith.addf %fx, %one#1 : f32
      %next_fy = arith.addf %fy, %one#2 : f32
      %next_fz = arith.addf %fz, %one#3 : f32
      scf.yield %next_v, %next_fx, %next_fy, %next_fz : f32, f32, f32, f32
    }
    return %sum#0, %sum#1, %sum#2, %sum#3 : f32, f32, f32, f32
  }

  // The sums over the own box, in a loop of its own, which is the one that is perforated. The particle itself is
  // among the others: it adds its charge to the energy, and no force.
  func.func private @own_box(%charge: f32, %x: f32, %y: f32, %z: f32, %begin: index, %end: index,
                             %xs: memref<?xf32>, %ys: memref<?xf32>, %zs: memref<?xf32>,
                             %charges: memref<?xf32>) -> (f32, f32, f32, f32) {
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %sum:4 = scf.for %j = %begin to %end step %c1
        iter_args(%v = %zero, %fx = %zero, %fy = %zero, %fz = %zero) -> (f32, f32, f32, f32) {
      %one:4 = func.call @pair(%x, %y, %z, %j, %xs, %ys, %zs, %charges)
        : (f32, f32, f32, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>) -> (f32, f32, f32, f32)
      %next_v = arith.addf %v, %one#0 : f32
      %next_fx = arith.addf %fx, %one#1 : f32
      %next_fy = arith.addf %fy, %one#2 : f32
      %next_fz = arith.addf %fz, %one#3 : f32
      scf.yield %next_v, %next_fx, %next_fy, %next_fz : f32, f32, f32, f32
    }
    return %sum#0, %sum#1, %sum#2, %sum#3 : f32, f32, f32, f32
  }

  func.func private @neighbour_box(%particle: index, %box: index, %x: f32, %y: f32, %z: f32, %size: index,
                                   %xs: memref<?xf32>, %ys: memref<?xf32>, %zs: memref<?xf32>,
                                   %charges: memref<?xf32>) -> (f32, f32, f32, f32) {
    %begin = arith.muli %box, %size : index
    %end = arith.addi %begin, %size : index
    %sum:4 = func.call @particles(%x, %y, %z, %begin, %end, %xs, %ys, %zs, %charges)
      : (f32, f32, f32, index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>) -> (f32, f32, f32, f32)
    return %sum#0, %sum#1, %sum#2, %sum#3 : f32, f32, f32, f32
  }

  // The sums without the last `left_out` particles of the box, for which the others stand in.
  func.func private @most_of_box(%left_out: index, %box: index, %x: f32, %y: f32, %z: f32, %size: index,
                                 %xs: memref<?xf32>, %ys: memref<?xf32>, %zs: memref<?xf32>,
                                 %charges: memref<?xf32>) -> (f32, f32, f32, f32) {
    %kept = arith.subi %size, %left_out : index
    %begin = arith.muli %box, %size : index
    %end = arith.addi %begin, %kept : index
    %sum:4 = func.call @particles(%x, %y, %z, %begin, %end, %xs, %ys, %zs, %charges)
      : (f32, f32, f32, index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>) -> (f32, f32, f32, f32)
    %size_i32 = arith.index_cast %size : index to i32
    %kept_i32 = arith.index_cast %kept : index to i32
    %size_f32 = arith.sitofp %size_i32 : i32 to f32
    %kept_f32 = arith.sitofp %kept_i32 : i32 to f32
    %scale = arith.divf %size_f32, %kept_f32 : f32
    %v = arith.mulf %sum#0, %scale : f32
    %fx = arith.mulf %sum#1, %scale : f32
    %fy = arith.mulf %sum#2, %scale : f32
    %fz = arith.mulf %sum#3, %scale : f32
    return %v, %fx, %fy, %fz : f32, f32, f32, f32
  }

  // Leaves out an eighth of the particles.
  func.func private @approx_neighbour_box_1(%particle: index, %box: index, %x: f32, %y: f32, %z: f32,
                                            %size: index, %xs: memref<?xf32>, %ys: memref<?xf32>,
                                            %zs: memref<?xf32>, %charges: memref<?xf32>) -> (f32, f32, f32, f32) {
    %c8 = arith.constant 8 : index
    %left_out = arith.divui %size, %c8 : index
    %sum:4 = func.call @most_of_box(%left_out, %box, %x, %y, %z, %size, %xs, %ys, %zs, %charges)
      : (index, index, f32, f32, f32, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>)
      -> (f32, f32, f32, f32)
    return %sum#0, %sum#1, %sum#2, %sum#3 : f32, f32, f32, f32
  }

  // Leaves out a quarter of the particles.
  func.func private @approx_neighbour_box_2(%particle: index, %box: index, %x: f32, %y: f32, %z: f32,
                                            %size: index, %xs: memref<?xf32>, %ys: memref<?xf32>,
                                            %zs: memref<?xf32>, %charges: memref<?xf32>) -> (f32, f32, f32, f32) {
    %c4 = arith.constant 4 : index
    %left_out = arith.divui %size, %c4 : index
    %sum:4 = func.call @most_of_box(%left_out, %box, %x, %y, %z, %size, %xs, %ys, %zs, %charges)
      : (index, index, f32, f32, f32, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>)
      -> (f32, f32, f32, f32)
    return %sum#0, %sum#1, %sum#2, %sum#3 : f32, f32, f32, f32
  }

  // The sums of a particle over its own box and those around it. The number of a box is (bx side + by) side + bz.
  func.func private @all_boxes(%side: index, %size: index, %bx: index, %by: index, %bz: index,
                               %particle: index, %xs: memref<?xf32>, %ys: memref<?xf32>, %zs: memref<?xf32>,
                               %charges: memref<?xf32>) -> (f32, f32, f32, f32) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %x = memref.load %xs[%particle] : memref<?xf32>
    %y = memref.load %ys[%particle] : memref<?xf32>
    %z = memref.load %zs[%particle] : memref<?xf32>
    %charge = memref.load %charges[%particle] : memref<?xf32>
    %bx_row = arith.muli %bx, %side : index
    %bx_by = arith.addi %bx_row, %by : index
    %row = arith.muli %bx_by, %side : index
    %own = arith.addi %row, %bz : index
    %begin = arith.muli %own, %size : index
    %end = arith.addi %begin, %size : index
    %from_own:4 = func.call @own_box(%charge, %x, %y, %z, %begin, %end, %xs, %ys, %zs, %charges)
      : (f32, f32, f32, f32, index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>)
      -> (f32, f32, f32, f32)
    // From the box before to the one behind, in each direction, where there are such.
    %x_before = arith.subi %bx, %c1 : index
    %x_begin = arith.maxsi %x_before, %c0 : index
    %x_behind = arith.addi %bx, %c2 : index
    %x_end = arith.minsi %x_behind, %side : index
    %y_before = arith.subi %by, %c1 : index
    %y_begin = arith.maxsi %y_before, %c0 : index
    %y_behind = arith.addi %by, %c2 : index
    %y_end = arith.minsi %y_behind, %side : index
    %z_before = arith.subi %bz, %c1 : index
    %z_begin = arith.maxsi %z_before, %c0 : index
    %z_behind = arith.addi %bz, %c2 : index
    %z_end = arith.minsi %z_behind, %side : index
    %sum:4 = scf.for %nx = %x_begin to %x_end step %c1
        iter_args(%vx = %from_own#0, %fxx = %from_own#1, %fyx = %from_own#2, %fzx = %from_own#3)
        -> (f32, f32, f32, f32) {
      %x_there = func.call @seen_from(%x, %bx, %nx) : (f32, index, index) -> f32
      %plane:4 = scf.for %ny = %y_begin to %y_end step %c1
          iter_args(%vy = %vx, %fxy = %fxx, %fyy = %fyx, %fzy = %fzx) -> (f32, f32, f32, f32) {
        %y_there = func.call @seen_from(%y, %by, %ny) : (f32, index, index) -> f32
        %nx_row = arith.muli %nx, %side : index
        %nx_ny = arith.addi %nx_row, %ny : index
        %there = arith.muli %nx_ny, %side : index
        %line:4 = scf.for %nz = %z_begin to %z_end step %c1
            iter_args(%v = %vy, %fx = %fxy, %fy = %fyy, %fz = %fzy) -> (f32, f32, f32, f32) {
          %box = arith.addi %there, %nz : index
          %is_other = arith.cmpi ne, %box, %own : index
          %new:4 = scf.if %is_other -> (f32, f32, f32, f32) {
            %z_there = func.call @seen_from(%z, %bz, %nz) : (f32, index, index) -> f32
            %from:4 = func.call @neighbour_box(%particle, %box, %x_there, %y_there, %z_there, %size,
                                               %xs, %ys, %zs, %charges)
              : (index, index, f32, f32, f32, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>)
              -> (f32, f32, f32, f32)
            %next_v = arith.addf %v, %from#0 : f32
            %next_fx = arith.addf %fx, %from#1 : f32
            %next_fy = arith.addf %fy, %from#2 : f32
            %next_fz = arith.addf %fz, %from#3 : f32
            scf.yield %next_v, %next_fx, %next_fy, %next_fz : f32, f32, f32, f32
          } else {
            scf.yield %v, %fx, %fy, %fz : f32, f32, f32, f32
          }
          scf.yield %new#0, %new#1, %new#2, %new#3 : f32, f32, f32, f32
        }
        scf.yield %line#0, %line#1, %line#2, %line#3 : f32, f32, f32, f32
      }
      scf.yield %plane#0, %plane#1, %plane#2, %plane#3 : f32, f32, f32, f32
    }
    return %sum#0, %sum#1, %sum#2, %sum#3 : f32, f32, f32, f32
  }

  // A coordinate of a particle in box `b`, as it is seen from box `n`.
  func.func private @seen_from(%x: f32, %b: index, %n: index) -> f32 {
    %boxes = arith.subi %b, %n : index
    %boxes_i32 = arith.index_cast %boxes : index to i32
    %shift = arith.sitofp %boxes_i32 : i32 to f32
    %seen = arith.addf %x, %shift : f32
    return %seen : f32
  }

  // Energies and forces: four numbers for each particle, the energy first. The particles of a box follow one
  // another, `size` of them.
  func.func @lavamd(%side: index, %size: index, %xs: memref<?xf32>, %ys: memref<?xf32>, %zs: memref<?xf32>,
                    %charges: memref<?xf32>, %fields: memref<?xf32>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    scf.for %bx = %c0 to %side step %c1 {
      scf.for %by = %c0 to %side step %c1 {
        scf.for %bz = %c0 to %side step %c1 {
          %bx_row = arith.muli %bx, %side : index
          %bx_by = arith.addi %bx_row, %by : index
          %row = arith.muli %bx_by, %side : index
          %box = arith.addi %row, %bz : index
          %first = arith.muli %box, %size : index
          scf.for %i = %c0 to %size step %c1 {
            %particle = arith.addi %first, %i : index
            %sum:4 = func.call @all_boxes(%side, %size, %bx, %by, %bz, %particle, %xs, %ys, %zs, %charges)
              : (index, index, index, index, index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xf32>)
              -> (f32, f32, f32, f32)
            %charge = memref.load %charges[%particle] : memref<?xf32>
            %v = arith.mulf %charge, %sum#0 : f32
            %fx = arith.mulf %charge, %sum#1 : f32
            %fy = arith.mulf %charge, %sum#2 : f32
            %fz = arith.mulf %charge, %sum#3 : f32
            %at = arith.muli %particle, %c4 : index
            %at_1 = arith.addi %at, %c1 : index
            %at_2 = arith.addi %at, %c2 : index
            %at_3 = arith.addi %at, %c3 : index
            memref.store %v, %fields[%at] : memref<?xf32>
            memref.store %fx, %fields[%at_1] : memref<?xf32>
            memref.store %fy, %fields[%at_2] : memref<?xf32>
            memref.store %fz, %fields[%at_3] : memref<?xf32>
          }
        }
      }
    }
    return
  }
}
