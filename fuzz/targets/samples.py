"""Texts that fuzzing begins with where no grammar makes them: whole modules, files and command lines."""

from __future__ import annotations

KNOB_MODULE = """\
module {
  "approx.util.annotation.decision_tree"() <{
    func_name = "sum", transform_type = "loop_perforate", state_function = "length",
    state_indices = array<i64: 0>, num_thresholds = 1 : i32, thresholds = array<i32: 10>,
    thresholds_lowers = array<i32: 0>, thresholds_uppers = array<i32: 50>,
    decisions = array<i32: 0, 2>, decision_values = array<i32: 0, 1, 2>
  }> : () -> ()
  func.func private @length(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @sum(%n: i32, %data: memref<?xf32>) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.0 : f32
    %end = arith.index_cast %n : i32 to index
    %sum = scf.for %i = %c0 to %end step %c1 iter_args(%partial = %zero) -> (f32) {
      %x = memref.load %data[%i] : memref<?xf32>
      %next = arith.addf %partial, %x : f32
      scf.yield %next : f32
    }
    return %sum : f32
  }
}
"""

MODULES = (
    KNOB_MODULE,
    "",
    "module {}",
    "func.func @f() {\n  return\n}\n",
    "func.func @g(%a: i32, %b: i32) -> i32 {\n  %0 = arith.addi %a, %b : i32\n  cf.br ^bb1(%0 : i32)\n"
    "^bb1(%1: i32):\n  return %1 : i32\n}\n",
    '"builtin.module"() ({\n  "func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({\n'
    '  ^bb0(%arg0: i32):\n    "func.return"(%arg0) : (i32) -> ()\n  }) : () -> ()\n}) : () -> ()\n',
    "#map = affine_map<(d0) -> (d0)>\n!t = tensor<4xf32>\n"
    'func.func @h(%a: !t) -> !t attributes {m = #map} {\n  %c = "x.y"(%a) {k = "}"} : (!t) -> !t loc("l")\n'
    "  return %c : !t\n}\n",
    "module @m {\n  // it's \"open\n  %c:2 = custom.op %x#1, @s {a = 1} : i32 // {\n  other.region {\n"
    '  ^bb0(%x: i32):\n    "a.b"() : () -> ()\n  }\n}\n',
    "%c = arith.constant true\n%r = scf.if %c -> (i32) {\n  %1 = arith.constant 1 : i32\n  scf.yield %1 : i32\n"
    "} else {\n  %2 = arith.constant 2 : i32\n  scf.yield %2 : i32\n}\n",
    '"approx.knob"() <{id = 1 : i32, rf = 1 : i32, operandSegmentSizes = array<i32: 0, 0, 0>}> ({\n'
    '  "approx.yield"() : () -> ()\n}) : () -> ()\n',
    "llvm.func @k(%a: !llvm.ptr) {\n  llvm.return\n}\n",
    "affine.for %i = 0 to 10 {\n  %0 = affine.apply affine_map<(d0) -> (d0 + 1)>(%i)\n}\n",
)

PARAMS_STRINGS = (
    "thresholds=5,10; decisions=0,1,2; transform_type=loop_perforate",
    "thresholds=[5]; decisions=[0, 1]; decision_values=0,1,2; thresholds_lowers=0; thresholds_uppers=100",
    "transform_options={scheme=random; seed=3}; transform_type='loop_perforate'",
    "a=attr('1.5 : f32'); b; c='\\x41'; d=[a, 'b c']; e=true; f=-1.5",
)
PARAMS_ENTRIES = (
    "thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 1, 2>, decision_values = array<i32: 0, 1, 2>",
    'thresholds = [5, 10], decisions = dense<[0, 1, 2]> : tensor<3xi32>, transform_type = "loop_perforate"',
    "thresholds = array<i64: 7>, thresholds_lowers = array<i64: 0>, thresholds_uppers = array<i64: 9>,"
    ' decisions = array<i64: 1, 0>, num_thresholds = 1 : i32, transform_options = {scheme = "random"}',
    "decisions = array<i32: 3>, state_function = @f, transform_type = @x",
)

ARGUMENT_TEXTS = (
    "3", "-0.5", "true", "1+2j", "nan", "0x10", "[[1, 2], [3, 4]]", "[1.5]", "[]", "[true]", "random:2x3",
    "random:4:f32:7", "zeros:2x3:i64", "ones", "ones:3:bf16", "random:2:complex<f32>:1", "zeros::i8", "data.npy",
)  # fmt: skip

JSON_TEXTS = (
    '{"version": 1, "parameters": {"f_threshold_0": 7, "f_decision_0": 1}}',
    '{"f_threshold_0": 5, "f_threshold_1": 10, "f_decision_0": 0, "f_decision_1": 1, "f_decision_2": 2}',
    '{"f_decision_0": 9}', '[1, 2.5, -1e3, true, null, "a\\u00e9\\n\\ud83d\\ude00"]', "{}", '{"a": {"b": []}}',
    '"\\udc80"', "NaN", "1e999", '{"a": 1, "a": 2}', '\ufeff{"f_threshold_0": 6}',
)  # fmt: skip

_EVALUATIONS = (
    '{"number": 0, "config": {"a": 1}, "time_ms": 1.5, "quality": 0.9, "samples_ms": [1.5, 2.0]}',
    '{"number": 1, "config": {"a": 2, "b": -3}, "time_ms": 0.5, "quality": 0.5, "static": true, "details": {"x": [1]}}',
    '{"number": 2, "config": {}, "failure": "it stopped"}',
)
FRONTIERS_JSON = (
    '{"version": 1, "baseline": null, "evaluations": []}',
    f'{{"version": 1, "baseline": {_EVALUATIONS[0]}, "evaluations": [{", ".join(_EVALUATIONS)}]}}',
    _EVALUATIONS[1],
)
FRONTIERS_LINES = (
    "\n".join(_EVALUATIONS),
    f'{{"search": {{"engine": "x"}}}}\n{{"baseline": {_EVALUATIONS[0]}}}\n{_EVALUATIONS[1]}\n',
)
FRONTIERS_CSV = (
    "time_ms,quality\n1.5,0.9\n",
    "number,static,time_ms,quality,failure,samples_ms,details,role,config.a,config.b\n"
    '0,false,1.5,1.0,,1.5 2.0,"{""x"": 1}",both,1,\n1,true,,,it stopped,,,,2,3\n',
    'config."x,y",time_ms,quality\n1,2,0.5\n',
)

HPVM_FILES = (
    "1114.3\n+++++\nconf1 1 1 84.5 0\n1 gpu conv fp32 11 add fp32 1\n2 gpu mul fp32 11\n-----\n"
    "+++++\nconf2 2.42 2.08 84.02 0.48\n1 gpu conv perf_fp16 154 add fp16 1 tanh fp16 1\n2 gpu mul fp16 12\n-----\n",
    "+++++\nconf1 1.5 1.2 90 0.1 7 8\n3 cpu group_conv samp 231\n-----",
)

C_SOURCES = (
    "// @approx:decision_tree { transform_type: loop_perforate thresholds: [5, 10] decisions: [0, 1, 2] }\n"
    "double f(int n, double x) { for (int i = 0; i < n; i++) x += i; return x; }\n",
    "#pragma approx decision_tree transform_type=func_substitute thresholds=[50] decisions=[1, 0]\n"
    "double approx_g_1(int n, double x);\ndouble g(int n, double x) { return x; }\n",
    "/* @approx: loop_perforate thresholds=5 decisions=0,2 state_indices=[0] */\n"
    'extern "C" double kernel(int n, double x) { return x; }\n',
    "// @approx:knob { id: 1 rf: 2 }\n// @approx:try checker=f recover=g\nnamespace a { template <class T> T f(T x); }\n",
    "// @approx:transform transform_type: task_skipping knob_val: 2\nstatic double (f)(int n, double x) { return 0; }\n",
    '#define X \\\n  1\nint g(); // no annotation: "@approx"\n',
)

FILES = {
    "a.mlir": KNOB_MODULE,
    "b.mlir": MODULES[4],
    "wrong.mlir": "func.func @f( {\n",
    "k.c": C_SOURCES[0],
    "k.mlir": "func.func @f(%n: i32, %x: f64) -> f64 {\n  return %x : f64\n}\n",
    "c.json": '{"version": 1, "parameters": {"sum_threshold_0": 12}}\n',
    "h.txt": HPVM_FILES[0],
    "f.json": FRONTIERS_JSON[1],
    "f.csv": FRONTIERS_CSV[1],
}
"""The files of the folder in which command lines are tried."""

COMMAND_LINES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("fmt", "a.mlir", "-o", "x.mlir"), ""),
    (("fmt", "--check", "--rename-ssa", "-"), MODULES[4]),
    (("fmt", "--diff", "--generic", "a.mlir", "b.mlir"), ""),
    (("lint", "a.mlir", "--format", "json", "--isolated"), ""),
    (("lint", "--fix", "--diff", "--select", "AX001,AX02", "-"), KNOB_MODULE),
    (("validate", "--severity", "AX012=warning", "wrong.mlir", "--format", "sarif"), ""),
    (("lint", "--explain", "AX009"), ""),
    (("lint", "--list-rules"), ""),
    (("knobs", "--json", "a.mlir", "-"), KNOB_MODULE),
    (("get", "a.mlir", "sum_threshold_0", "sum_decision_1"), ""),
    (("get", "-", "-o", "y.json"), KNOB_MODULE),
    (("set", "a.mlir", "sum_threshold_0=20", "sum_decision_1=1", "--diff"), ""),
    (("set", "-", "-c", "c.json", "--partial", "-o", "x.mlir"), KNOB_MODULE),
    (("set", "a.mlir", "--config", "-", "--check"), '{"sum_threshold_0": 11}'),
    (("opt", "a.mlir", "--live", "--verify-each"), ""),
    (("opt", "-p", "emit-approx,config-approx{live=true}", "--print-after-all", "-"), KNOB_MODULE),
    (("opt", "--split", "--generic", "--workload", "cpp", "b.mlir", "-o", "-"), ""),
    (("annotate", "k.c", "k.mlir", "--language", "c"), ""),
    (("annotate", "k.c", "--json"), ""),
    (("convert", "h.txt", "x.json"), ""),
    (("convert", "f.json", "x.csv", "--baseline", "3"), ""),
    (("convert", "--from", "csv", "--to", "jsonl", "f.csv", "-"), ""),
    (
        (
            "convert",
            "h.txt",
            "x.json",
            "--to",
            "config",
            "--select",
            "conf2",
            "--names",
            '{"node_1_conv": "l"}',
        ),
        "",
    ),
    (("pareto", "f.json", "f.csv", "--compare"), ""),
    (("pareto", "f.json", "--best-quality", "0.95", "--json"), ""),
    (("pareto", "-", "--best-time", "1", "-o", "x.jsonl"), FRONTIERS_LINES[0]),
    (("approx-opt", "a.mlir", "--emit-approx", "--emit-management", "--mlir-print-ir-after-all"), ""),
    (("approx-opt", "--pass-pipeline=builtin.module(emit-approx,config-approx{live=true})"), KNOB_MODULE),
    (("approx-opt", "--split-input-file", "--verify-diagnostics", "-"), "func.func @f( {\n"),
    (("approx-opt", "--config-approx=live=true", "-o", "x.mlir", "b.mlir"), ""),
)
"""Arguments, the first of which names the program or the command, and standard input."""
