// Knowledge base: how similar the embedding of a query is to that of each document, by the cosine of the angle
// between the two. The embeddings of documents are decimal text, which is parsed as it is needed: document i has
// `dimensions` numbers from text[starts[i]] on, each with a sign, `digits` digits behind its point (at most 15 in
// all) and one character, a space or a line break, behind that.
//
// Parsing takes most of the time. The first eighth of each embedding is parsed exactly; what the query has in
// common with that much of it tells how promising a document is, and how much trouble the rest is worth.
module {
  // The rest of a document: 0 computes the similarity, 1, 2 and 3 leave out 5, 25 and 75 % of the documents.
  "approx.util.annotation.decision_tree"() <{
    func_name = "similarity",
    transform_type = "func_substitute",
    state_function = "promise",
    state_indices = array<i64: 0>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 20>,
    thresholds_lowers = array<i32: -50>,
    thresholds_uppers = array<i32: 90>,
    decisions = array<i32: 3, 0>,
    decision_values = array<i32: 0, 1, 2, 3>
  }> : () -> ()

  // The precision with which the rest is parsed: all digits (0), or 3, 2 or 1 behind the point (1, 2, 3).
  "approx.util.annotation.decision_tree"() <{
    func_name = "parse",
    transform_type = "func_substitute",
    state_function = "promise",
    state_indices = array<i64: 0>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 40>,
    thresholds_lowers = array<i32: -50>,
    thresholds_uppers = array<i32: 90>,
    decisions = array<i32: 2, 1>,
    decision_values = array<i32: 0, 1, 2, 3>
  }> : () -> ()

  // The similarity so far, in percent.
  func.func private @promise(%similarity: f64) -> i32 {
    %hundred = arith.constant 1.000000e+02 : f64
    %percent = arith.mulf %similarity, %hundred : f64
    %state = arith.fptosi %percent : f64 to i32
    return %state : i32
  }

  // Of the numbers from `first` to `end`, which begin at text[at], with so many of their digits behind the point:
  // the product with the query and with themselves, added to what the ones before gave.
  func.func private @products(%at: index, %first: index, %end: index, %kept: index, %digits: index,
                              %text: memref<?xi8>, %query: memref<?xf64>, %dot: f64, %square: f64) -> (f64, f64, index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %one = arith.constant 1 : i64
    %ten = arith.constant 10 : i64
    %minus = arith.constant 45 : i8
    %point = arith.constant 46 : i8
    %zero = arith.constant 0 : i64
    %digit_zero = arith.constant 48 : i64
    %scale = scf.for %k = %c0 to %kept step %c1 iter_args(%power = %one) -> (i64) {
      %next = arith.muli %power, %ten : i64
      scf.yield %next : i64
    }
    %divisor = arith.sitofp %scale : i64 to f64
    %rest = arith.subi %digits, %kept : index
    %rest_and_space = arith.addi %rest, %c1 : index
    %results:3 = scf.for %j = %first to %end step %c1
        iter_args(%partial_dot = %dot, %partial_square = %square, %place = %at) -> (f64, f64, index) {
      %sign = memref.load %text[%place] : memref<?xi8>
      %negative = arith.cmpi eq, %sign, %minus : i8
      %below = arith.extui %negative : i1 to i64
      %begin = arith.addi %place, %c1 : index
      // The digits before the point, mostly one.
      %whole:3 = scf.while (%k = %begin, %value = %zero) : (index, i64) -> (index, i64, i8) {
        %character = memref.load %text[%k] : memref<?xi8>
        %more = arith.cmpi ne, %character, %point : i8
        scf.condition(%more) %k, %value, %character : index, i64, i8
      } do {
      ^bb0(%k: index, %value: i64, %character: i8):
        %wide = arith.extui %character : i8 to i64
        %digit = arith.subi %wide, %digit_zero : i64
        %shifted = arith.muli %value, %ten : i64
        %longer = arith.addi %shifted, %digit : i64
        %k_next = arith.addi %k, %c1 : index
        scf.yield %k_next, %longer : index, i64
      }
      %fraction = arith.addi %whole#0, %c1 : index
      %fraction_end = arith.addi %fraction, %kept : index
      %mantissa = scf.for %k = %fraction to %fraction_end step %c1 iter_args(%value = %whole#1) -> (i64) {
        %character = memref.load %text[%k] : memref<?xi8>
        %wide = arith.extui %character : i8 to i64
        %digit = arith.subi %wide, %digit_zero : i64
        %shifted = arith.muli %value, %ten : i64
        %longer = arith.addi %shifted, %digit : i64
        scf.yield %longer : i64
      }
      // 0 - below is all ones for a negative number, and exclusive or with that its complement.
      %mask = arith.subi %zero, %below : i64
      %complement = arith.xori %mantissa, %mask : i64
      %signed = arith.addi %complement, %below : i64
      %integer = arith.sitofp %signed : i64 to f64
      %x = arith.divf %integer, %divisor : f64
      %q = memref.load %query[%j] : memref<?xf64>
      %xq = arith.mulf %x, %q : f64
      %xx = arith.mulf %x, %x : f64
      %next_dot = arith.addf %partial_dot, %xq : f64
      %next_square = arith.addf %partial_square, %xx : f64
      %next_place = arith.addi %fraction_end, %rest_and_space : index
      scf.yield %next_dot, %next_square, %next_place : f64, f64, index
    }
    return %results#0, %results#1, %results#2 : f64, f64, index
  }

  // 0 for a document or a query of zeros.
  func.func private @cosine(%dot: f64, %square: f64, %query_square: f64) -> f64 {
    %zero = arith.constant 0.000000e+00 : f64
    %product = arith.mulf %square, %query_square : f64
    %some = arith.cmpf ogt, %product, %zero : f64
    %root = math.sqrt %product : f64
    %quotient = arith.divf %dot, %root : f64
    %cosine = arith.select %some, %quotient, %zero : f64
    return %cosine : f64
  }

  func.func private @parse(%head: f64, %at: index, %first: index, %end: index, %digits: index, %text: memref<?xi8>,
                           %query: memref<?xf64>, %dot: f64, %square: f64) -> (f64, f64) {
    %results:3 = func.call @products(%at, %first, %end, %digits, %digits, %text, %query, %dot, %square)
      : (index, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64) -> (f64, f64, index)
    return %results#0, %results#1 : f64, f64
  }

  func.func private @approx_parse_1(%head: f64, %at: index, %first: index, %end: index, %digits: index,
                                    %text: memref<?xi8>, %query: memref<?xf64>, %dot: f64, %square: f64) -> (f64, f64) {
    %most = arith.constant 3 : index
    %kept = arith.minui %most, %digits : index
    %results:3 = func.call @products(%at, %first, %end, %kept, %digits, %text, %query, %dot, %square)
      : (index, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64) -> (f64, f64, index)
    return %results#0, %results#1 : f64, f64
  }

  func.func private @approx_parse_2(%head: f64, %at: index, %first: index, %end: index, %digits: index,
                                    %text: memref<?xi8>, %query: memref<?xf64>, %dot: f64, %square: f64) -> (f64, f64) {
    %most = arith.constant 2 : index
    %kept = arith.minui %most, %digits : index
    %results:3 = func.call @products(%at, %first, %end, %kept, %digits, %text, %query, %dot, %square)
      : (index, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64) -> (f64, f64, index)
    return %results#0, %results#1 : f64, f64
  }

  func.func private @approx_parse_3(%head: f64, %at: index, %first: index, %end: index, %digits: index,
                                    %text: memref<?xi8>, %query: memref<?xf64>, %dot: f64, %square: f64) -> (f64, f64) {
    %most = arith.constant 1 : index
    %kept = arith.minui %most, %digits : index
    %results:3 = func.call @products(%at, %first, %end, %kept, %digits, %text, %query, %dot, %square)
      : (index, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64) -> (f64, f64, index)
    return %results#0, %results#1 : f64, f64
  }

  func.func private @similarity(%head: f64, %document: index, %at: index, %first: index, %end: index, %digits: index,
        %text: memref<?xi8>, %query: memref<?xf64>, %dot: f64, %square: f64, %query_square: f64) -> f64 {
    %products:2 = func.call @parse(%head, %at, %first, %end, %digits, %text, %query, %dot, %square)
      : (f64, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64) -> (f64, f64)
    %cosine = func.call @cosine(%products#0, %products#1, %query_square) : (f64, f64, f64) -> f64
    return %cosine : f64
  }

  // Whether a document is among so many in a hundred: the same ones each time, chosen by the bits of its number.
  func.func private @left_out(%document: index, %percent: i32) -> i1 {
    %c1_i32 = arith.constant 1 : i32
    %c15 = arith.constant 15 : i32
    %c16 = arith.constant 16 : i32
    %hundred = arith.constant 100 : i32
    %factor = arith.constant 0x9E3779B1 : i32
    %other_factor = arith.constant 0x7FEB352D : i32
    %number = arith.index_cast %document : index to i32
    %number_next = arith.addi %number, %c1_i32 : i32
    %h0 = arith.muli %number_next, %factor : i32
    %h0_high = arith.shrui %h0, %c16 : i32
    %h1 = arith.xori %h0, %h0_high : i32
    %h2 = arith.muli %h1, %other_factor : i32
    %h2_high = arith.shrui %h2, %c15 : i32
    %h3 = arith.xori %h2, %h2_high : i32
    %place = arith.remui %h3, %hundred : i32
    %out = arith.cmpi ult, %place, %percent : i32
    return %out : i1
  }

  // A document that is left out is as unlike the query as can be.
  func.func private @similarity_unless(%out: i1, %head: f64, %at: index, %first: index, %end: index, %digits: index,
        %text: memref<?xi8>, %query: memref<?xf64>, %dot: f64, %square: f64, %query_square: f64) -> f64 {
    %worst = arith.constant -1.000000e+00 : f64
    %similarity = scf.if %out -> (f64) {
      scf.yield %worst : f64
    } else {
      %products:2 = func.call @parse(%head, %at, %first, %end, %digits, %text, %query, %dot, %square)
        : (f64, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64) -> (f64, f64)
      %cosine = func.call @cosine(%products#0, %products#1, %query_square) : (f64, f64, f64) -> f64
      scf.yield %cosine : f64
    }
    return %similarity : f64
  }

  func.func private @approx_similarity_1(%head: f64, %document: index, %at: index, %first: index, %end: index, %digits: index,
        %text: memref<?xi8>, %query: memref<?xf64>, %dot: f64, %square: f64, %query_square: f64) -> f64 {
    %percent = arith.constant 5 : i32
    %out = func.call @left_out(%document, %percent) : (index, i32) -> i1
    %similarity = func.call @similarity_unless(%out, %head, %at, %first, %end, %digits,
                                               %text, %query, %dot, %square, %query_square)
      : (i1, f64, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64, f64) -> f64
    return %similarity : f64
  }

  func.func private @approx_similarity_2(%head: f64, %document: index, %at: index, %first: index, %end: index, %digits: index,
        %text: memref<?xi8>, %query: memref<?xf64>, %dot: f64, %square: f64, %query_square: f64) -> f64 {
    %percent = arith.constant 25 : i32
    %out = func.call @left_out(%document, %percent) : (index, i32) -> i1
    %similarity = func.call @similarity_unless(%out, %head, %at, %first, %end, %digits,
                                               %text, %query, %dot, %square, %query_square)
      : (i1, f64, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64, f64) -> f64
    return %similarity : f64
  }

  func.func private @approx_similarity_3(%head: f64, %document: index, %at: index, %first: index, %end: index, %digits: index,
        %text: memref<?xi8>, %query: memref<?xf64>, %dot: f64, %square: f64, %query_square: f64) -> f64 {
    %percent = arith.constant 75 : i32
    %out = func.call @left_out(%document, %percent) : (index, i32) -> i1
    %similarity = func.call @similarity_unless(%out, %head, %at, %first, %end, %digits,
                                               %text, %query, %dot, %square, %query_square)
      : (i1, f64, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64, f64) -> f64
    return %similarity : f64
  }

  func.func private @square_sum(%first: index, %end: index, %numbers: memref<?xf64>, %before: f64) -> f64 {
    %c1 = arith.constant 1 : index
    %sum = scf.for %j = %first to %end step %c1 iter_args(%partial = %before) -> (f64) {
      %x = memref.load %numbers[%j] : memref<?xf64>
      %xx = arith.mulf %x, %x : f64
      %next = arith.addf %partial, %xx : f64
      scf.yield %next : f64
    }
    return %sum : f64
  }

  func.func @kb(%documents: index, %dimensions: index, %digits: index, %text: memref<?xi8>, %starts: memref<?xi64>,
                %query: memref<?xf64>, %similarities: memref<?xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %zero = arith.constant 0.000000e+00 : f64
    %eighth = arith.ceildivui %dimensions, %c8 : index
    %query_head = func.call @square_sum(%c0, %eighth, %query, %zero) : (index, index, memref<?xf64>, f64) -> f64
    %query_square = func.call @square_sum(%eighth, %dimensions, %query, %query_head)
      : (index, index, memref<?xf64>, f64) -> f64
    scf.for %i = %c0 to %documents step %c1 {
      %start = memref.load %starts[%i] : memref<?xi64>
      %at = arith.index_cast %start : i64 to index
      %results:3 = func.call @products(%at, %c0, %eighth, %digits, %digits, %text, %query, %zero, %zero)
        : (index, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64) -> (f64, f64, index)
      %head = func.call @cosine(%results#0, %results#1, %query_head) : (f64, f64, f64) -> f64
      %similarity = func.call @similarity(%head, %i, %results#2, %eighth, %dimensions, %digits,
                                          %text, %query, %results#0, %results#1, %query_square)
        : (f64, index, index, index, index, index, memref<?xi8>, memref<?xf64>, f64, f64, f64) -> f64
      memref.store %similarity, %similarities[%i] : memref<?xf64>
    }
    return
  }
}
