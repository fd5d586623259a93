// Okapi BM25: how well each document of a corpus answers a query.
//
// Words are runs of letters and digits, bytes beyond ASCII counting as letters; upper and lower case are the
// same. A word stands for itself as a number of 64 bits, a polynomial in its bytes, which differs for words
// of up to eight ASCII characters; longer ones may share theirs, with a chance of about 2^-64 for each pair.
//
// Three functions may be substituted: the one that splits a text into words, depending on how long the text
// is; the one that selects the documents that are considered at all, depending on how long a document is and
// what it begins with; and the one that counts a word of the query in the documents, depending on how rare the
// word is. Documents are left out by their numbers, not by chance, so that results can be repeated.
module {
  // A long document says what it is about more than once, and hardly ever only in front of a comma.
  "approx.util.annotation.decision_tree"() <{
    func_name = "tokenize",
    transform_type = "func_substitute",
    state_function = "length",
    state_indices = array<i64: 0, 1>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 10>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 40>,
    decisions = array<i32: 0, 1>,
    decision_values = array<i32: 0, 1>
  }> : () -> ()

  // A long document takes long to read, and is seldom what answers a query best, unless it begins with a word
  // of it.
  "approx.util.annotation.decision_tree"() <{
    func_name = "select",
    transform_type = "func_substitute",
    state_function = "effort",
    state_indices = array<i64: 1, 2, 3, 4, 5>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 15>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 40>,
    decisions = array<i32: 0, 3>,
    decision_values = array<i32: 0, 1, 2, 3>
  }> : () -> ()

  // Words that most documents have say little about any of them.
  "approx.util.annotation.decision_tree"() <{
    func_name = "count",
    transform_type = "func_substitute",
    state_function = "rarity",
    state_indices = array<i64: 0, 1, 2, 3>,
    num_thresholds = 1 : i32,
    thresholds = array<i32: 10>,
    thresholds_lowers = array<i32: 0>,
    thresholds_uppers = array<i32: 60>,
    decisions = array<i32: 2, 0>,
    decision_values = array<i32: 0, 1, 2>
  }> : () -> ()

  // ---- Text preprocessing.

  // Writes the words in text[from .. to) to %words from %first on; returns where the next ones go.
  func.func private @tokenize(%from: index, %to: index, %text: memref<?xi8>,
                              %words: memref<?xi64>, %first: index) -> index {
    %c1 = arith.constant 1 : index
    %none = arith.constant 0 : i64
    %base = arith.constant 257 : i64
    %zero = arith.constant 0 : i8
    %case = arith.constant 32 : i8
    %a = arith.constant 97 : i8
    %letters = arith.constant 26 : i8
    %0 = arith.constant 48 : i8
    %digits = arith.constant 10 : i8
    %last:2 = scf.for %i = %from to %to step %c1 iter_args(%word = %none, %count = %first) -> (i64, index) {
      %c = memref.load %text[%i] : memref<?xi8>
      %lower = arith.ori %c, %case : i8
      %from_a = arith.subi %lower, %a : i8
      %is_letter = arith.cmpi ult, %from_a, %letters : i8
      %from_0 = arith.subi %c, %0 : i8
      %is_digit = arith.cmpi ult, %from_0, %digits : i8
      %is_beyond = arith.cmpi slt, %c, %zero : i8
      %is_other = arith.ori %is_digit, %is_beyond : i1
      %moved = arith.muli %word, %base : i64
      // Most characters are letters, so that nothing else needs to be asked about them.
      %next:2 = scf.if %is_letter -> (i64, index) {
        %value = arith.extui %lower : i8 to i64
        %longer = arith.addi %moved, %value : i64
        scf.yield %longer, %count : i64, index
      } else {
        %other:2 = scf.if %is_other -> (i64, index) {
          %value = arith.extui %c : i8 to i64
          %longer = arith.addi %moved, %value : i64
          scf.yield %longer, %count : i64, index
        } else {
          %ended = func.call @put(%word, %words, %count) : (i64, memref<?xi64>, index) -> index
          scf.yield %none, %ended : i64, index
        }
        scf.yield %other#0, %other#1 : i64, index
      }
      scf.yield %next#0, %next#1 : i64, index
    }
    %end = func.call @put(%last#0, %words, %last#1) : (i64, memref<?xi64>, index) -> index
    return %end : index
  }

  // Writes a word, if there is one; returns where the next one goes.
  func.func private @put(%word: i64, %words: memref<?xi64>, %count: index) -> index {
    %c1 = arith.constant 1 : index
    %none = arith.constant 0 : i64
    %is_word = arith.cmpi ne, %word, %none : i64
    %next = scf.if %is_word -> (index) {
      memref.store %word, %words[%count] : memref<?xi64>
      %more = arith.addi %count, %c1 : index
      scf.yield %more : index
    } else {
      scf.yield %count : index
    }
    return %next : index
  }

  // Words end at spaces alone, and only the first of their characters becomes lower case.
  func.func private @approx_tokenize_1(%from: index, %to: index, %text: memref<?xi8>,
                                       %words: memref<?xi64>, %first: index) -> index {
    %c1 = arith.constant 1 : index
    %base = arith.constant 257 : i64
    %space = arith.constant 32 : i8
    %A = arith.constant 65 : i8
    %letters = arith.constant 26 : i8
    %last:2 = scf.while (%start = %from, %count = %first) : (index, index) -> (index, index) {
      %more = arith.cmpi slt, %start, %to : index
      scf.condition(%more) %start, %count : index, index
    } do {
    ^bb0(%start: index, %count: index):
      %c = memref.load %text[%start] : memref<?xi8>
      %second = arith.addi %start, %c1 : index
      %is_word = arith.cmpi ne, %c, %space : i8
      %next:2 = scf.if %is_word -> (index, index) {
        %from_A = arith.subi %c, %A : i8
        %is_upper = arith.cmpi ult, %from_A, %letters : i8
        %lower = arith.ori %c, %space : i8
        %byte = arith.select %is_upper, %lower, %c : i8
        %begun = arith.extui %byte : i8 to i64
        %ended:2 = scf.while (%i = %second, %word = %begun) : (index, i64) -> (index, i64) {
          %inside = arith.cmpi slt, %i, %to : index
          %goes_on = scf.if %inside -> (i1) {
            %d = memref.load %text[%i] : memref<?xi8>
            %is_in_word = arith.cmpi ne, %d, %space : i8
            scf.yield %is_in_word : i1
          } else {
            scf.yield %inside : i1
          }
          scf.condition(%goes_on) %i, %word : index, i64
        } do {
        ^bb0(%i: index, %word: i64):
          %d = memref.load %text[%i] : memref<?xi8>
          %value = arith.extui %d : i8 to i64
          %moved = arith.muli %word, %base : i64
          %longer = arith.addi %moved, %value : i64
          %behind = arith.addi %i, %c1 : index
          scf.yield %behind, %longer : index, i64
        }
        memref.store %ended#1, %words[%count] : memref<?xi64>
        %counted = arith.addi %count, %c1 : index
        %behind = arith.addi %ended#0, %c1 : index
        scf.yield %behind, %counted : index, index
      } else {
        scf.yield %second, %count : index, index
      }
      scf.yield %next#0, %next#1 : index, index
    }
    return %last#1 : index
  }

  // The length of a text in hundreds of bytes.
  func.func private @length(%from: index, %to: index) -> i32 {
    %hundred = arith.constant 100 : index
    %bytes = arith.subi %to, %from : index
    %hundreds = arith.divui %bytes, %hundred : index
    %state = arith.index_cast %hundreds : index to i32
    return %state : i32
  }

  // ---- Corpus subsetting.

  // Whether a document is considered. All but its number is for the state.
  func.func private @select(%document: index, %from: index, %to: index, %text: memref<?xi8>,
                            %asked: index, %terms: memref<?xi64>) -> i1 {
    %all = arith.constant true
    return %all : i1
  }

  func.func private @approx_select_1(%document: index, %from: index, %to: index, %text: memref<?xi8>,
                                     %asked: index, %terms: memref<?xi64>) -> i1 {
    %none = arith.constant 0 : i64
    %skipped = arith.constant 15 : i32
    %kept = func.call @keeps(%document, %none, %skipped) : (index, i64, i32) -> i1
    return %kept : i1
  }

  func.func private @approx_select_2(%document: index, %from: index, %to: index, %text: memref<?xi8>,
                                     %asked: index, %terms: memref<?xi64>) -> i1 {
    %none = arith.constant 0 : i64
    %skipped = arith.constant 30 : i32
    %kept = func.call @keeps(%document, %none, %skipped) : (index, i64, i32) -> i1
    return %kept : i1
  }

  func.func private @approx_select_3(%document: index, %from: index, %to: index, %text: memref<?xi8>,
                                     %asked: index, %terms: memref<?xi64>) -> i1 {
    %none = arith.constant 0 : i64
    %skipped = arith.constant 50 : i32
    %kept = func.call @keeps(%document, %none, %skipped) : (index, i64, i32) -> i1
    return %kept : i1
  }

  // Whether a document is among those that are left when so many in a hundred are skipped, for a word.
  func.func private @keeps(%document: index, %term: i64, %skipped: i32) -> i1 {
    %hundred = arith.constant 100 : i32
    %factor = arith.constant 0x9E3779B1 : i32
    %other = arith.constant 0x7FEB352D : i32
    %half = arith.constant 16 : i32
    %number = arith.index_cast %document : index to i32
    %low = arith.trunci %term : i64 to i32
    %sum = arith.addi %number, %low : i32
    %spread = arith.muli %sum, %factor : i32
    %high = arith.shrui %spread, %half : i32
    %mixed = arith.xori %spread, %high : i32
    %hash = arith.muli %mixed, %other : i32
    %upper = arith.shrui %hash, %half : i32
    %percent = arith.remui %upper, %hundred : i32
    %kept = arith.cmpi uge, %percent, %skipped : i32
    return %kept : i1
  }

  // The length of a document in hundreds of bytes, or 0 for one that begins with a word of the query.
  func.func private @effort(%from: index, %to: index, %text: memref<?xi8>, %asked: index,
                            %terms: memref<?xi64>) -> i32 {
    %zero = arith.constant 0 : i32
    %worth_a_look = arith.constant 6 : i32
    %length = func.call @length(%from, %to) : (index, index) -> i32
    %is_long = arith.cmpi sge, %length, %worth_a_look : i32
    %state = scf.if %is_long -> (i32) {
      %found = func.call @promise(%from, %to, %text, %asked, %terms)
        : (index, index, memref<?xi8>, index, memref<?xi64>) -> i32
      %promises_nothing = arith.cmpi eq, %found, %zero : i32
      %effort = arith.select %promises_nothing, %length, %zero : i32
      scf.yield %effort : i32
    } else {
      scf.yield %length : i32
    }
    return %state : i32
  }

  // How many of the words that a document begins with are long words of the query.
  func.func private @promise(%from: index, %to: index, %text: memref<?xi8>, %asked: index,
                             %terms: memref<?xi64>) -> i32 {
    %c1 = arith.constant 1 : index
    %none = arith.constant 0 : i64
    %zero = arith.constant 0 : i32
    %base = arith.constant 257 : i64
    %case = arith.constant 32 : i8
    %a = arith.constant 97 : i8
    %letters = arith.constant 26 : i8
    %opening = arith.constant 80 : index
    %limit = arith.addi %from, %opening : index
    %end = arith.minsi %limit, %to : index
    %last:2 = scf.for %i = %from to %end step %c1 iter_args(%word = %none, %found = %zero) -> (i64, i32) {
      %c = memref.load %text[%i] : memref<?xi8>
      %lower = arith.ori %c, %case : i8
      %from_a = arith.subi %lower, %a : i8
      %is_letter = arith.cmpi ult, %from_a, %letters : i8
      %next:2 = scf.if %is_letter -> (i64, i32) {
        %value = arith.extui %lower : i8 to i64
        %moved = arith.muli %word, %base : i64
        %longer = arith.addi %moved, %value : i64
        scf.yield %longer, %found : i64, i32
      } else {
        %same = func.call @occurs(%word, %asked, %terms) : (i64, index, memref<?xi64>) -> i32
        %more = arith.addi %found, %same : i32
        scf.yield %none, %more : i64, i32
      }
      scf.yield %next#0, %next#1 : i64, i32
    }
    return %last#1 : i32
  }

  // How often a word occurs in the query; 0 for one of up to four letters, whose numbers are below 2^32.
  func.func private @occurs(%word: i64, %asked: index, %terms: memref<?xi64>) -> i32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0 : i32
    %short = arith.constant 0x100000000 : i64
    %is_long = arith.cmpi uge, %word, %short : i64
    %found = scf.if %is_long -> (i32) {
      %count = scf.for %t = %c0 to %asked step %c1 iter_args(%sum = %zero) -> (i32) {
        %term = memref.load %terms[%t] : memref<?xi64>
        %is_same = arith.cmpi eq, %word, %term : i64
        %one = arith.extui %is_same : i1 to i32
        %next = arith.addi %sum, %one : i32
        scf.yield %next : i32
      }
      scf.yield %count : i32
    } else {
      scf.yield %zero : i32
    }
    return %found : i32
  }

  // ---- Term scoring.

  // Counts a word in each document. Returns how many documents were looked at, and how many of them have it.
  func.func private @count(%term: i64, %documents: index, %starts: memref<?xindex>, %words: memref<?xi64>,
                           %counts: memref<?xi32>) -> (index, index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %containing = scf.for %d = %c0 to %documents step %c1 iter_args(%sum = %c0) -> (index) {
      %count = func.call @frequency(%term, %d, %starts, %words)
        : (i64, index, memref<?xindex>, memref<?xi64>) -> i32
      memref.store %count, %counts[%d] : memref<?xi32>
      %more = func.call @one_if_positive(%count) : (i32) -> index
      %next = arith.addi %sum, %more : index
      scf.yield %next : index
    }
    return %documents, %containing : index, index
  }

  // How often a word occurs in a document.
  func.func private @frequency(%term: i64, %document: index, %starts: memref<?xindex>,
                               %words: memref<?xi64>) -> i32 {
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0 : i32
    %behind = arith.addi %document, %c1 : index
    %from = memref.load %starts[%document] : memref<?xindex>
    %to = memref.load %starts[%behind] : memref<?xindex>
    %count = scf.for %w = %from to %to step %c1 iter_args(%sum = %zero) -> (i32) {
      %word = memref.load %words[%w] : memref<?xi64>
      %is_term = arith.cmpi eq, %word, %term : i64
      %one = arith.extui %is_term : i1 to i32
      %next = arith.addi %sum, %one : i32
      scf.yield %next : i32
    }
    return %count : i32
  }

  func.func private @one_if_positive(%count: i32) -> index {
    %zero = arith.constant 0 : i32
    %is_positive = arith.cmpi sgt, %count, %zero : i32
    %one = arith.index_castui %is_positive : i1 to index
    return %one : index
  }

  func.func private @approx_count_1(%term: i64, %documents: index, %starts: memref<?xindex>,
                                    %words: memref<?xi64>, %counts: memref<?xi32>) -> (index, index) {
    %skipped = arith.constant 10 : i32
    %found:2 = func.call @count_some(%skipped, %term, %documents, %starts, %words, %counts)
      : (i32, i64, index, memref<?xindex>, memref<?xi64>, memref<?xi32>) -> (index, index)
    return %found#0, %found#1 : index, index
  }

  func.func private @approx_count_2(%term: i64, %documents: index, %starts: memref<?xindex>,
                                    %words: memref<?xi64>, %counts: memref<?xi32>) -> (index, index) {
    %skipped = arith.constant 20 : i32
    %found:2 = func.call @count_some(%skipped, %term, %documents, %starts, %words, %counts)
      : (i32, i64, index, memref<?xindex>, memref<?xi64>, memref<?xi32>) -> (index, index)
    return %found#0, %found#1 : index, index
  }

  // The same, skipping so many documents in a hundred, others for each word.
  func.func private @count_some(%skipped: i32, %term: i64, %documents: index, %starts: memref<?xindex>,
                                %words: memref<?xi64>, %counts: memref<?xi32>) -> (index, index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0 : i32
    %found:2 = scf.for %d = %c0 to %documents step %c1
        iter_args(%looked_at = %c0, %containing = %c0) -> (index, index) {
      %kept = func.call @keeps(%d, %term, %skipped) : (index, i64, i32) -> i1
      %count = scf.if %kept -> (i32) {
        %frequency = func.call @frequency(%term, %d, %starts, %words)
          : (i64, index, memref<?xindex>, memref<?xi64>) -> i32
        scf.yield %frequency : i32
      } else {
        scf.yield %zero : i32
      }
      memref.store %count, %counts[%d] : memref<?xi32>
      %one = arith.index_castui %kept : i1 to index
      %more = func.call @one_if_positive(%count) : (i32) -> index
      %looked_at_now = arith.addi %looked_at, %one : index
      %containing_now = arith.addi %containing, %more : index
      scf.yield %looked_at_now, %containing_now : index, index
    }
    return %found#0, %found#1 : index, index
  }

  // The inverse document frequency of a word in tenths, as every sixteenth document has it.
  func.func private @rarity(%term: i64, %documents: index, %starts: memref<?xindex>,
                            %words: memref<?xi64>) -> i32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    %ten = arith.constant 10.0 : f64
    %found:2 = scf.for %d = %c0 to %documents step %c16
        iter_args(%looked_at = %c0, %containing = %c0) -> (index, index) {
      %count = func.call @frequency(%term, %d, %starts, %words)
        : (i64, index, memref<?xindex>, memref<?xi64>) -> i32
      %more = func.call @one_if_positive(%count) : (i32) -> index
      %looked_at_now = arith.addi %looked_at, %c1 : index
      %containing_now = arith.addi %containing, %more : index
      scf.yield %looked_at_now, %containing_now : index, index
    }
    %idf = func.call @idf(%found#0, %found#1) : (index, index) -> f64
    %tenths = arith.mulf %idf, %ten : f64
    %state = arith.fptosi %tenths : f64 to i32
    return %state : i32
  }

  // log(1 + (n - df + 0.5) / (df + 0.5)) for a word that df of n documents have.
  func.func private @idf(%documents: index, %containing: index) -> f64 {
    %half = arith.constant 0.5 : f64
    %one = arith.constant 1.0 : f64
    %others = arith.subi %documents, %containing : index
    %without = func.call @number(%others) : (index) -> f64
    %with = func.call @number(%containing) : (index) -> f64
    %more_without = arith.addf %without, %half : f64
    %more_with = arith.addf %with, %half : f64
    %ratio = arith.divf %more_without, %more_with : f64
    %argument = arith.addf %one, %ratio : f64
    %idf = math.log %argument : f64
    return %idf : f64
  }

  func.func private @number(%n: index) -> f64 {
    %integer = arith.index_cast %n : index to i64
    %number = arith.sitofp %integer : i64 to f64
    return %number : f64
  }

  // ---- The whole.

  // scores[d] = how well document d, text[offsets[d] .. offsets[d + 1]), answers the query.
  func.func @bm25(%documents: index, %text: memref<?xi8>, %offsets: memref<?xindex>,
                  %query_bytes: index, %query: memref<?xi8>, %scores: memref<?xf64>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %zero = arith.constant 0.0 : f64
    %one = arith.constant 1.0 : f64
    %k1 = arith.constant 1.2 : f64
    %b = arith.constant 0.75 : f64

    %half_query = arith.divui %query_bytes, %c2 : index
    %most_terms = arith.addi %half_query, %c1 : index
    %terms = memref.alloc(%most_terms) : memref<?xi64>
    %asked = func.call @tokenize(%c0, %query_bytes, %query, %terms, %c0)
      : (index, index, memref<?xi8>, memref<?xi64>, index) -> index

    // Those that are considered are numbered anew: k is document numbers[k], and its words are
    // words[starts[k] .. starts[k + 1]).
    %text_begin = memref.load %offsets[%c0] : memref<?xindex>
    %text_end = memref.load %offsets[%documents] : memref<?xindex>
    %bytes = arith.subi %text_end, %text_begin : index
    %doubled = arith.addi %bytes, %documents : index
    %halved = arith.divui %doubled, %c2 : index
    %most_words = arith.addi %halved, %c1 : index
    %room = arith.addi %documents, %c1 : index
    %words = memref.alloc(%most_words) : memref<?xi64>
    %starts = memref.alloc(%room) : memref<?xindex>
    %numbers = memref.alloc(%room) : memref<?xindex>
    %counts = memref.alloc(%room) : memref<?xi32>
    %norms = memref.alloc(%room) : memref<?xf64>
    %sums = memref.alloc(%room) : memref<?xf64>
    %kept:2 = scf.for %d = %c0 to %documents step %c1 iter_args(%k = %c0, %free = %c0) -> (index, index) {
      %behind = arith.addi %d, %c1 : index
      %from = memref.load %offsets[%d] : memref<?xindex>
      %to = memref.load %offsets[%behind] : memref<?xindex>
      memref.store %zero, %scores[%d] : memref<?xf64>
      %is_kept = func.call @select(%d, %from, %to, %text, %asked, %terms)
        : (index, index, index, memref<?xi8>, index, memref<?xi64>) -> i1
      %next:2 = scf.if %is_kept -> (index, index) {
        memref.store %free, %starts[%k] : memref<?xindex>
        memref.store %d, %numbers[%k] : memref<?xindex>
        %end = func.call @tokenize(%from, %to, %text, %words, %free)
          : (index, index, memref<?xi8>, memref<?xi64>, index) -> index
        %more = arith.addi %k, %c1 : index
        scf.yield %more, %end : index, index
      } else {
        scf.yield %k, %free : index, index
      }
      scf.yield %next#0, %next#1 : index, index
    }
    memref.store %kept#1, %starts[%kept#0] : memref<?xindex>

    %some_words = arith.maxsi %kept#1, %c1 : index
    %total = func.call @number(%some_words) : (index) -> f64
    %considered = func.call @number(%kept#0) : (index) -> f64
    %average = arith.divf %total, %considered : f64
    %rest = arith.subf %one, %b : f64
    scf.for %k = %c0 to %kept#0 step %c1 {
      %behind = arith.addi %k, %c1 : index
      %from = memref.load %starts[%k] : memref<?xindex>
      %to = memref.load %starts[%behind] : memref<?xindex>
      %count = arith.subi %to, %from : index
      %length = func.call @number(%count) : (index) -> f64
      %relative = arith.divf %length, %average : f64
      %share = arith.mulf %b, %relative : f64
      %sum = arith.addf %rest, %share : f64
      %norm = arith.mulf %k1, %sum : f64
      memref.store %norm, %norms[%k] : memref<?xf64>
      memref.store %zero, %sums[%k] : memref<?xf64>
    }

    scf.for %t = %c0 to %asked step %c1 {
      %term = memref.load %terms[%t] : memref<?xi64>
      %same = scf.for %s = %c0 to %t step %c1 iter_args(%sum = %c0) -> (index) {
        %other = memref.load %terms[%s] : memref<?xi64>
        %is_same = arith.cmpi eq, %other, %term : i64
        %more = arith.index_castui %is_same : i1 to index
        %next = arith.addi %sum, %more : index
        scf.yield %next : index
      }
      %is_new = arith.cmpi eq, %same, %c0 : index
      scf.if %is_new {
        %found:2 = func.call @count(%term, %kept#0, %starts, %words, %counts)
          : (i64, index, memref<?xindex>, memref<?xi64>, memref<?xi32>) -> (index, index)
        %idf = func.call @idf(%found#0, %found#1) : (index, index) -> f64
        %gain = arith.addf %k1, %one : f64
        %weight = arith.mulf %idf, %gain : f64
        scf.for %k = %c0 to %kept#0 step %c1 {
          %count = memref.load %counts[%k] : memref<?xi32>
          %norm = memref.load %norms[%k] : memref<?xf64>
          %sum = memref.load %sums[%k] : memref<?xf64>
          %tf = arith.sitofp %count : i32 to f64
          %weighted = arith.mulf %weight, %tf : f64
          %saturation = arith.addf %tf, %norm : f64
          %score = arith.divf %weighted, %saturation : f64
          %next = arith.addf %sum, %score : f64
          memref.store %next, %sums[%k] : memref<?xf64>
        }
      }
    }

    scf.for %k = %c0 to %kept#0 step %c1 {
      %number = memref.load %numbers[%k] : memref<?xindex>
      %sum = memref.load %sums[%k] : memref<?xf64>
      memref.store %sum, %scores[%number] : memref<?xf64>
    }
    memref.dealloc %sums : memref<?xf64>
    memref.dealloc %norms : memref<?xf64>
    memref.dealloc %counts : memref<?xi32>
    memref.dealloc %numbers : memref<?xindex>
    memref.dealloc %starts : memref<?xindex>
    memref.dealloc %words : memref<?xi64>
    memref.dealloc %terms : memref<?xi64>
    return
  }
}
