// Annotations stand in the module, in a nested one, or in a function.
module {
  func.func @outer() {
    "approx.util.annotation.convert_to_call"() <{func_name = "outer"}> : () -> ()
    "approx.util.annotation.convert_to_call"() <{func_name = "@outer"}> : () -> () // expect: AX014
    "approx.util.annotation.convert_to_call"() <{func_name = "uter"}> : () -> () // expect: AX012
    return
  }
  module @nested {
    "approx.util.annotation.convert_to_call"() <{func_name = "outer"}> : () -> () // expect: AX014
    "approx.util.annotation.convert_to_call"() <{func_name = "inner"}> : () -> ()
    func.func private @inner() {
      return
    }
  }
  memref.global @number : memref<1xf32>
  "approx.util.annotation.convert_to_call"() <{func_name = "inner"}> : () -> () // expect: AX012
  "approx.util.annotation.convert_to_call"() <{func_name = "nested"}> : () -> () // expect: AX012
  "approx.util.annotation.convert_to_call"() <{func_name = "number"}> : () -> () // expect: AX012
  "approx.util.annotation.convert_to_call"() <{
    func_name = "nobody" // expect: AX012
  }> : () -> ()
}
