module {
  // approxir: disable=AX012 -- the linker supplies it
  "approx.util.annotation.convert_to_call"() <{func_name = "a"}> : () -> ()
  "approx.util.annotation.convert_to_call"() <{func_name = "b"}> : () -> ()  // approxir: disable=AX012
  // approxir: disable = AX012, AX030
  // Another comment does not matter.

  "approxMLIR.util.annotation.convert_to_call"() <{func_name = "c"}> : () -> ()
  // approxir: disable=all
  "approxMLIR.util.annotation.convert_to_call"() <{func_name = "d"}> : () -> ()
  "approx.util.annotation.convert_to_call"() <{ // approxir: disable=AX012
    func_name = "e"
  }> : () -> ()
  "approx.util.annotation.convert_to_call"() <{func_name = "// approxir: disable=all"}> : () -> () // expect: AX012
  // approxir: disable=AX009 // expect: AX000
  // approxir: disable=AX012,AX030 // expect: AX000
  "approx.util.annotation.convert_to_call"() <{func_name = "f"}> : () -> ()
}
// approxir: disbale=AX012 // expect: AX000
// approxir: disable // expect: AX000
// approxir: disable=AX000 // expect: AX000
// approxir: disable=all // expect: AX000
