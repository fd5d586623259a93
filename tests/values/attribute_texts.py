"""Texts of attributes and types, sorted by what a real MLIR (release 22) says about each of them.

Every line is one text. Those under `BEYOND` are refused by MLIR for what it knows and the text does not
say: that no dialect of that name is registered, that no alias of that name exists.
"""

ACCEPTED = r"""
i32
si8
ui7
i0
i16777215
bf16
tf32
f80
f8E5M2
f8E4M3
f8E4M3FN
f8E5M2FNUZ
f8E4M3FNUZ
f8E4M3B11FNUZ
f8E3M4
f8E8M0FNU
f4E2M1FN
f6E2M3FN
f6E3M2FN
none
complex<f32>
complex<i32>
vector<4xf32>
vector<[4]x2xf32>
vector<4x[4]x2xindex>
vector<f32>
vector<[4] x 2 x f32>
tensor<0x4xf32>
tensor<4 x 8 x f32>
tensor<4x 8 xf32>
tensor<0x04xf32>
tensor<00x4xf32>
tensor<?x4xf32, "enc">
tensor<f32, #foo.bar>
tensor<*xf32>
tensor<* x f32>
tensor<4xvector<2xf32>>
tensor<4x!foo.bar>
tensor<!foo.bar>
tensor<4x!foo<"a">>
tensor<9223372036854775807xf32>
memref<4xf32>
memref<f32>
memref<?x?xf32, strided<[?, 1], offset: ?>>
memref<4xf32, affine_map<(d0) -> (d0)>>
memref<4xf32, affine_map<(d0) -> (d0)>, 1>
memref<4xf32, affine_map<(d0) -> (d0 + 1)>, affine_map<(d0) -> (d0 * 2)>, 1>
memref<4xf32, affine_map<(d0) -> (d0)>, "ms">
memref<4xf32, 1>
memref<4xf32, 1 : i32>
memref<4xf32, 0>
memref<4xf32, {a = 1}>
memref<4xf32, strided<[1]>>
memref<4xf32, strided<[-1], offset: -3>>
memref<4xf32, strided<[2], offset: 0>>
memref<*xf32>
memref<*xf32, 1>
memref<*xf32, "x">
memref<4xmemref<2xf32>>
memref<4xvector<2xf32>>
tuple<>
tuple<i32, f32>
() -> ()
() -> i32
(i32, i32) -> (i32, i32)
() -> (() -> i32)
(() -> i32) -> ()
!foo.bar
!foo.bar<a ; b / $ '>
!foo<"bar baz">
!foo<bar>
!foo.bar<a -> b>
!foo.bar<">">
!foo.bar<//>
!foo.bar<"\">">
!foo.bar.baz
!foo.bar.baz<x>
!foo.bar<>
!foo<>
#foo<>
#foo.bar
#foo.bar<>
#foo.bar<a>
#foo<"x">
#foo<bar>
#foo<bar<1, 2>>
#foo.bar : i32
#foo<"x"> : i32
#foo<"x"> : !foo.t
!llvm.ptr<3>
!llvm.ptr
!llvm.struct<(i32, ptr)>
!tt.ptr<f32>
!llvm.array<4 x i32>
1
-1
- 1
1 : i32
1:i32
-1 : i32
1 : index
1 : i1
-1 : i1
255 : i8
-128 : i8
1 : ui8
-128 : si8
true
false
0x10
0x10 : i32
-0x10 : i32
0xFF : i8
9223372036854775807
9223372036854775808
18446744073709551615
18446744073709551615 : i64
-9223372036854775808
0 : i0
0x7FC00000 : f32
0x7FC0000 : f32
0x3C00 : f16
0x3f80 : bf16
0x7FF0000000000000 : f64
0x7FF0000000000000
0x3C : f8E4M3FN
0x3FFF8000000000000000 : f80
1.0
1.
1.e+5
1.e5
1.0e5
-1.0
-1.5 : f32
1.5 : f8E4M3FN
1.0 : f128
0.1 : f16
0.1 : tf32
1.0E5
1.0e400
1.0e400 : f32
1.0e40 : f32
"a"
"a" : i32
"a" : !foo.bar
"a\22b\\c\n\t\FFz\00"
"a\n"
"a\t"
"a\""
"\C3\A9"
"\c3\a9"
"\7f"
unit
[]
[1, 2]
[unit, true, "a", @b]
{}
{a}
{a = 1}
{a = 1, b}
{"a b" = 1}
{loc}
{i32}
{unit}
{true = 1}
{a.b.c = 1}
{a$b = 1}
{_a = 1}
{affine_map = 1, dense}
{"a\22b" = 1}
{"\C3\A9" = 1}
{si32 = 1, f8E4M3FN = 2, f99 = 1, i99=1}
{a. = 1}
{a.1 = 1}
{vector = 1, tensor, to, opaque, floordiv, max}
@a
@a::@b
@a::@"b c"::@d
@"a"
@""
@a ::@b
@a::@b:: @c
@a.b
@a$b
@_1
@"a\22b"
@"\C3\A9"
array<i32>
array<i32: 1, 2>
array<i1: true, false>
array<i8: 255>
array<i8: -1>
array<i32: 0x10>
array<f32: 1., -2.5, 0x7FC00000>
array<f64: 1.0>
array<f16: 1.0>
array<bf16: 1.0, 0x3f80>
array<f32: 1.0e+5>
array<i24: 1>
array<i128: 1>
array<si32: 1>
array<ui8: 1>
array<f8E4M3FN: 1.0>
array<f80: 1.0>
array <i32: 1>
dense<> : tensor<0xf32>
dense<> : tensor<0x2xf32>
dense<[]> : tensor<0xf32>
dense<[[], []]> : tensor<2x0xi32>
dense<1> : tensor<2xi32>
dense<1> : vector<2xi32>
dense<1> : vector<[2]xi32>
dense<1> : memref<2xi32>
dense<1.0> : tensor<2xf32>
dense<true> : tensor<2xi1>
dense<1> : tensor<2xi1>
dense<0x1F> : tensor<2xi32>
dense<0x7FC00000> : tensor<2xf32>
dense<[1, 2]> : tensor<2xi32>
dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>
dense<"0x01000000"> : tensor<i32>
dense<"0x0100000002000000"> : tensor<2xi32>
dense<"0x01000000"> : tensor<2xi32>
dense<"0x01"> : tensor<1xi1>
dense<"0xFF"> : tensor<8xi1>
dense<"0xFF"> : tensor<3xi1>
dense<"0x0F"> : tensor<4xi1>
dense<"0x0F01"> : tensor<16xi1>
dense<"0x000102030405060708"> : tensor<9xi8>
dense<"0x"> : tensor<0xi8>
dense<"a"> : tensor<2x!foo.s>
dense<["a", "b"]> : tensor<2x!foo.s>
dense<(1, 2)> : tensor<2xcomplex<i32>>
dense<(1.0, 2.0)> : tensor<2xcomplex<f32>>
dense<[(1.0, 2.0), (0x7FC00000, -1.0)]> : tensor<2xcomplex<f32>>
dense<1> : tensor<2xindex>
dense<"0x0100000000000000"> : tensor<1xindex>
dense <1> : tensor<2xi32>
dense< [ 1 ,2]>:tensor<2xi32>
sparse<[[0, 0], [1, 2]], [1, 5]> : tensor<3x4xi32>
sparse<0, 1> : tensor<1xi32>
sparse<[0], 1> : tensor<1xi32>
sparse<[[0]], [1]> : tensor<1xi32>
sparse<[[0, 0]], 1> : tensor<3x4xi32>
sparse<> : tensor<1xi32>
sparse<[], []> : tensor<1xi32>
sparse<[[0, 0], [1, 2]], [(1, 2), (3, 4)]> : tensor<3x4xcomplex<i32>>
sparse<[[0, 0], [1, 2]], ["a", "b"]> : tensor<3x4x!foo.s>
dense_resource<key> : tensor<2xi32>
dense_resource<"key x"> : tensor<2xi32>
dense_resource<a.b> : tensor<2xi32>
dense_resource<i32> : tensor<2xi32>
dense_resource<__elided__> : tensor<2xi32>
dense_resource<key> : memref<2xi32>
dense_resource<k> : vector<2xi32>
affine_map<(d0, d1)[s0] -> (d0 + s0, d1 floordiv 2)>
affine_map<() -> ()>
affine_map<() -> (0)>
affine_map<()[] -> (0)>
affine_map<()[s0] -> (s0)>
affine_map<(d0) -> (d0 + -1)>
affine_map<(d0) -> (d0 - 1)>
affine_map<(d0) -> (d0 * 2 + 3)>
affine_map<(d0) -> (3 * d0)>
affine_map<(d0)[s0] -> (d0 * s0)>
affine_map<(d0)[s0] -> (d0 mod s0)>
affine_map<(d0) -> (d0 mod 0)>
affine_map<(d0) -> (d0 mod -2)>
affine_map<(d0) -> (d0 floordiv 0)>
affine_map<(d0) -> (d0 ceildiv 2)>
affine_map<(d0) -> (-d0)>
affine_map<(d0) -> (- d0 + 1)>
affine_map<(d0) -> (-d0 * 2)>
affine_map<(d0) -> (-d0 mod 2)>
affine_map<(d0) -> (2 * -d0)>
affine_map<(d0) -> (1 + -d0)>
affine_map<(d0) -> (--d0)>
affine_map<(d0) -> (-(-d0))>
affine_map<(d0) -> (d0 - -1)>
affine_map<(d0) -> (d0 + (1))>
affine_map<(d0) -> ((d0 + 1) * 2)>
affine_map<(d0) -> (d0 + 1 * 2)>
affine_map<(d0) -> (d0 + 1 + 2)>
affine_map<(d0, d1) -> (d0 - d1 - 1)>
affine_map<(d0, d1) -> (d0 - (d1 - 1))>
affine_map<(d0, d1) -> (d0 - d1 * 2 - 1)>
affine_map<(d0, d1) -> (d0 - (d1 + 1) * 2)>
affine_map<(d0) -> (d0 floordiv 2 * 3)>
affine_map<(d0) -> (d0 * 2 floordiv 3)>
affine_map<(d0) -> (d0 mod 4 mod 2)>
affine_map<(d0) -> (d0 mod (4 mod 3))>
affine_map<(i, j)[n] -> (i + n, j)>
affine_map<(loc, i32, mod2) -> (loc + i32)>
affine_map<(mod) -> (1)>
affine_map<(floordiv) -> (floordiv)>
affine_map<(dense, true, x) -> (dense + true + x)>
affine_map<(d0) -> (9223372036854775807)>
affine_map<(d0) -> (0x10)>
affine_set<(d0) : (d0 >= 0)>
affine_set<(d0)[s0] : (d0 >= 0, s0 == 0, d0 - s0 + 1 >= 0)>
affine_set<() : ()>
affine_set<(d0) : ()>
affine_set<(d0) : (1 == 0)>
affine_set<(d0) : (d0 >= 1)>
affine_set<(d0) : (d0 >= 1, d0 <= 10)>
affine_set<(d0) : (d0 <= 10)>
affine_set<(d0, d1) : (d0 == d1)>
affine_set<(d0, d1) : (d0 == d1 + 1)>
affine_set<() : (0 == 0)>
affine_map<(d0, d1) -> (d0 * 0 + d1 * 1 + 0)>
affine_map<(d0) -> (d0 + d0)>
affine_map<(d0) -> (d0 - d0)>
affine_map<(d0) -> (8 floordiv 3, -8 floordiv 3, -8 mod 3, 8 ceildiv 3)>
affine_map<(d0)[s0] -> (s0 * (d0 + 1))>
affine_map<(d0)[s0] -> (s0 * s0)>
affine_map<(d0)[s0] -> ((s0 + 1) * (s0 + d0))>
strided<[?, 1], offset: ?>
strided<[]>
strided<[], offset: 3>
strided<[1], offset: -1>
strided<[0]>
strided<[1]  , offset:0>
strided<[-1]>
strided<[0x1]>
loc(unknown)
loc("a")
loc("a":1:2)
loc("a":1)
loc("a" : 1 : 2)
loc("a":1:2 to 3:4)
loc("a":1:2 to :5)
loc("a":1:2 to :1)
loc("a"("b"))
loc("a"("b":1:2))
loc("a"(unknown))
loc(callsite("a" at "b"))
loc(callsite("a" at "b":1:2))
loc(callsite(callsite("a" at "c") at "b":1:2))
loc(callsite("a"("x":1:2) at fused["a", "b"]))
loc(fused["a", "b"])
loc(fused[])
loc(fused["a"])
loc(fused<"m">["a"])
loc(fused<1 : i32>["a", unknown])
loc(fused<#foo.x>["a", "b":1:2])
loc(fused<"m">[])
loc("a":0:0)
loc("")
loc("":1:2)
loc("a":0x1:2)
loc("a":4294967295:1)
distinct[0]<42 : i32>
distinct[1]<>
distinct[1]<"a">
distinct[1]<i32>
distinct[0]<unit>
distinct [0] <42>
distinct[0]<distinct[1]<1>>
distinct[0]<loc("a")>
i07
i00
si0
ui0
tensor<4xf32, 1>
tensor<4xf32, 1.0>
tensor<4xf32, {a = 1}>
[1.0, 2 : i32, 3 : index, "a" : i32, 1 : i64]
{a = [1, [2, {b = 3}]]}
memref<4xf32, 0 : i32>
memref<4xf32, 0 : index>
memref<4xf32, 1 : i64>
memref<4xf32, strided<[1], offset: 0>>
memref<4x4xf32, strided<[4, 1]>>
memref<f32, affine_map<() -> (0)>>
memref<*xf32, 0>
memref<4xmemref<*xf32>>
memref<?x4xindex>
loc("a":1:2 to :2)
loc("a":1:2 to 1:5)
loc("a":1:2 to 1:2)
"a" : none
#foo.bar<x> : i32
#foo.bar<x>:tensor<2xi32>
vector<4x!llvm.ptr>
tuple<() -> i32>
array<i0>
array<f80>
array<i1>
array<i32: - 1>
array<i8: 0xFF>
array<f32: - 1.0>
array<ui8: 255>
array<ui8: -1>
array<i1: true,false>
array< i32 : 1 >
dense<"0xFF"> : tensor<1xf8E5M2>
dense<"0x01"> : tensor<2x!foo.s>
dense<0x1> : tensor<1xf64>
dense<[0x1, 1.0]> : tensor<2xf64>
dense<[(1,2),(3,4)]> : tensor<2xcomplex<i8>>
dense<- 1> : tensor<2xi8>
dense<"0x0102"> : tensor<1xcomplex<i8>>
dense<[true, false]> : tensor<2xi1>
dense<[1, 0]> : tensor<2xi1>
dense<[1, true]> : tensor<2xi1>
dense<-1> : tensor<2xi1>
dense<[[]]> : tensor<1x0xi32>
dense<> : tensor<2x0xi32>
dense<1> : tensor<0xi32>
dense<[[1], [2]]> : tensor<2x1xi32>
dense<"0x01020304"> : vector<[4]xi8>
dense<"0x01"> : vector<[4]xi8>
dense<"0x0102"> : tensor<2xi7>
dense<"0x010203"> : tensor<1xi24>
dense<"0xFFFF"> : tensor<2xi4>
dense<"0xFF"> : tensor<2xi4>
dense<0xFF> : tensor<1xi8>
dense<1.0> : tensor<1xf8E4M3FN>
sparse<[0, 1], [1, 2]> : tensor<3xi32>
sparse<[[0],[1]], [1, 2]> : vector<3xi32>
sparse<[[0],[1]], [1.0, 2.0]> : tensor<3xf32>
sparse<[[0],[1]], 1.0> : tensor<3xf32>
dense_resource<"a"> : tensor<?xi32>
affine_map<(d0) -> (d0 mod 3 + -2 * d0 - (1 - d0))>
affine_map<(d0) -> (2 - d0)>
affine_map<(d0)[s0] -> (d0 * -s0)>
affine_map<(d0)[s0] -> (-(d0 + s0))>
affine_map<(d0)[s0] -> (-(d0 * 2))>
affine_set<(d0) : (d0 > = 0)>
affine_set<(d0) : (d0 = = 0)>
affine_set<(d0) : (d0 < = 5)>
affine_set<(d0)[s0] : (d0 * 2 == s0 + 1 , s0 <= d0)>
loc(fused[unknown])
loc(fused[unknown, "a", unknown])
loc(fused["a", "a"])
loc(fused[fused["a", "b"], "c"])
loc(fused<unit>["a"])
tensor<4xf32,>
!foo.bar<<>>
!foo.bar<->>
!foo.bar<a\>
distinct[0]<#foo.bar<x> : i32>
@a : : @b
!llvm.struct<"foo", (i32, ptr)>
!tt.tensordesc<tensor<128x64xf16, #nvmma>>
""".strip("\n").split("\n")

REFUSED = r"""
i16777216
i32x
f4E2M1
complex<index>
complex<vector<2xf32>>
vector<0xf32>
vector<?xf32>
vector<2xnone>
vector<2xcomplex<f32>>
tensor<*xf32, 3>
tensor<4xnone>
tensor<4x()->i32>
tensor<4x tensor<2xf32>>
tensor<4xmemref<2xf32>>
tensor<4xtuple<i32>>
tensor<4xtensor<*xf32>>
tensor<9223372036854775808xf32>
tensor<-1xf32>
memref<4xf32, 1, 2>
memref<4xf32, "a", "b">
memref<4xtensor<2xf32>>
memref<4xtensor<*xf32>>
memref<4xnone>
memref<4xtuple<>>
memref<-1xf32>
tuple<i32,>
() -> () -> i32
(i32)
(i32) -> (i32,)
!foo.bar<(>
!foo.bar<)>
!foo.bar<[}>
!foo.bar<a >= b>
!foo.bar <i32>
#foo.bar <a>
2 : i1
-2 : i1
256 : i8
-129 : i8
-1 : ui8
200 : si8
true : i1
false : i32
0xFFF : i8
18446744073709551616
-9223372036854775809
1 : f32
1 : none
1 : i0
-1 : f32
0x17FC00000 : f32
-0x7FC00000 : f32
1e5
1.0 : i32
1.0 : index
.5
+1
1e400
"a\qb"
"a\r"
"\1"
[1,]
[1 2]
{a, a}
{a = 1,}
{"a" = 1, a = 2}
{"" = 1}
{loc = 1, i32 = 2, "a.b" = 3, a.b = 4}
{a-b = 1}
{1a = 1}
{x = 1 : i32 : i32}
{1 = 1}
{! = 1}
{#a = 1}
{@a = 1}
@ a
@a::b
@a-b
@1
@-a
@a::
@a:@b
array<i32: >
array<i32: 1, 2,>
array<i32:>
array<i1: 1, 0>
array<i1: true, 1>
array<i8: 300>
array<i8: -129>
array<i32: true>
array<i32: 1.0>
array<f32: 1>
array<i7: 1>
array<tensor<1xf32>: 1>
array<i32, 1>
array<!foo.bar: 1>
array<complex<f32>: 1>
dense<> : tensor<1xf32>
dense<[1]> : vector<[2]xi32>
dense<1> : tensor<?xi32>
dense<1> : tensor<*xi32>
dense<1>
dense<1> : tensor<2xf32>
dense<-1> : tensor<2xf32>
dense<1.0> : tensor<2xi32>
dense<true> : tensor<2xi32>
dense<-0x7FC00000> : tensor<2xf32>
dense<[1, 2]> : tensor<3xi32>
dense<[[1, 2], [3]]> : tensor<2x2xi32>
dense<[1, 2, 3, 4]> : tensor<2x2xi32>
dense<[1, 2,]> : tensor<2xi32>
dense<"0x01"> : tensor<2xi32>
dense<"0xZZ"> : tensor<1xi8>
dense<"01"> : tensor<1xi8>
dense<["a", "b"]> : tensor<2xi8>
dense<[1.0, 2.0, 3.0, 4.0]> : tensor<2xcomplex<f32>>
dense<256> : tensor<2xi8>
dense<-129> : tensor<2xi8>
dense<-1> : tensor<2xui8>
dense<1> : tensor<2x!foo.s>
dense<1> : tensor<2xtensor<2xi32>>
dense<[1.0, 2]> : tensor<2xf32>
dense<1> : i32
dense<[[1], 2]> : tensor<2x1xi32>
dense<1 : i32> : tensor<2xi32>
dense<i32> : tensor<2xi32>
sparse<[[9, 9]], 1> : tensor<3x4xi32>
sparse<, > : tensor<1xi32>
sparse<"0x0000000000000000", "0x01000000"> : tensor<1xi32>
dense_resource<key>
dense_resource<key> : i32
affine_map<(d0, d1) -> (d0 * d1)>
affine_map<(d0)[s0] -> (d0 mod d0)>
affine_map<(d0, d0) -> (d0)>
affine_map<(d0)[d0] -> (d0)>
affine_map<(d0) -> (d1)>
affine_map<(d0) -> (d0)
affine_map<(d0) -> d0>
affine_map<(d0,) -> (d0)>
affine_map<(d0) -> (d0,)>
affine_map<(d0) -> (9223372036854775808)>
affine_map<(d0) -> (-9223372036854775808)>
affine_map<(d0) -> (1.0)>
affine_map<(d0)[s0][s1] -> (1)>
affine_map<(d0) : (d0 >= 0)>
affine_set<(d0) : (d0 > 10)>
affine_set<(d0)->(d0)>
affine_map<(d0)[s0] -> (5 floordiv d0)>
strided<[1], offset 0>
strided<[1,]>
loc("a" : i32)
loc("a":1:2 to 3)
loc("a"(loc("b")))
loc(fused["a",])
loc(loc("a"))
loc("a":-1:2)
loc("a":4294967296:1)
loc("a":1:4294967296)
loc()
loc
distinct[1]
distinct[-1]<1>
i32 : i32
affine_map<(d0) -> (d0)> : i32
[1] : i32
opaque<"x", "y"> : tensor<1xi32>
_
foo
%a
^bb
array<i32: 1>:i32
memref<4xf32, strided<[1, 2]>>
memref<4xf32, affine_map<(d0, d1) -> (d0)>>
loc("a":1 to 3:4)
@a : i32
unit : i32
complex<none>
complex<!foo.bar>
vector<4xnone>
vector<[0]xf32>
vector<()->()>
tensor<() -> i32>
tensor<4x(i32) -> i32>
array<none>
array<tf32: 1.0>
array<f32: -0x1>
array<ui8: 256>
array<si8: 200>
array<f16: 0x10000>
dense<"abc"> : tensor<2xi32>
dense<1> : tensor<2xcomplex<i32>>
dense<1.0> : tensor<2xcomplex<f32>>
dense<(1,2)> : tensor<complex<f32>>
dense<((1,2),(3,4))> : tensor<2xcomplex<i8>>
dense<2> : tensor<2xi1>
dense<[[]]> : tensor<0xi32>
dense<[]> : tensor<2x0xi32>
dense<[]> : tensor<0x2xi32>
dense<[1]> : tensor<0xi32>
dense<1> : tensor<2xvector<2xi32>>
dense<"0x01020304"> : tensor<1xi24>
dense<"0xF"> : tensor<2xi4>
dense<300> : tensor<1xui8>
dense<"0x"> : tensor<1xi8>
dense<0x100> : tensor<1xi8>
dense<1> : tensor<4xnone>
dense<1.0> : tensor<4xindex>
dense<"a", "b"> : tensor<2x!foo.s>
dense<1, 2> : tensor<2xi32>
dense<[1, 2] : tensor<2xi32>
dense<[[1, 2], 3]> : tensor<2x2xi32>
dense<unit> : tensor<2xi32>
dense<1.0> : f32
dense<1> : !foo.bar
sparse<[[0,0],[1,2]], [1]> : tensor<3x4xi32>
sparse<[[0]]> : tensor<3xf32>
sparse<[[0]], [1]> : tensor<?xf32>
dense_resource<1a> : tensor<2xi32>
dense_resource<> : tensor<2xi32>
affine_map<(d0) -> (())>
affine_map<(d0) -> (d0 d0)>
affine_map<(d0) -> (d0 /2)>
affine_map<(d0) -> (d0 % 2)>
affine_map<(d0) -> (d0 +)>
affine_map<(d0) -> (+d0)>
affine_map<d0 -> (d0)>
affine_map<(d0)>
affine_map<>
affine_map<(1) -> (1)>
affine_set<(d0) : (d0 = 0)>
affine_set<(d0) : d0 >= 0>
affine_set<(d0) : (d0 >= 0,)>
affine_set<(d0) : (d0)>
loc("a" "b")
loc(callsite("a"))
loc(callsite("a" at))
loc(fused)
loc(fused("a"))
loc(fused<"a", "b">["c"])
loc(named("a"))
loc(1)
loc("a":1:2:3)
loc("a":"b")
loc(unknown, unknown)
loc("a":1:2 to 3:)
loc("a"())
distinct[0]<1
distinct<0>
distinct[a]<1>
"abc
"a
[
{
{a =
{a = [1, 2}
(i32
tensor<4xf32
!foo.bar<
!foo<"
#
!
@
-
-a
- -1
-true
-"a"
--1
1.0.0
1 :
1 : foo
1 : 2
"a" :
"a" "b"
tensor
tensor<>
tensor<4>
tensor<4x>
tensor<x4xf32>
tensor<4xf32 1>
tensor<4, f32>
tensor<*x>
tensor<4xf33>
tensor<[4]xf32>
tensor<4x*xf32>
tensor<4xi32, "a", "b">
vector<*xf32>
vector<4xf32, 1>
memref<[4]xf32>
float
int32
f31
bool
I32
F32
True
False
None
null
{a : 1}
{a = 1; b = 2}
{a = 1 b = 2}
{a => 1}
{= 1}
{,}
[,]
[1;2]
{"a": 1}
{a=1}}
[1]]
1,2
i32,
'a'
`a`
f8
!foo.bar<a>b
!foo.bar<"a>
#foo.bar<"\q">
{a = 1 /* c */}
"a;b" ;
[1, 2,, 3]
{a = 1,, b = 2}
@a::"b"
@a:::@b
@a::@b::
@"a
@"a\q"
!1a
""".strip("\n").split("\n")

BEYOND = r"""
vector<!foo.bar>
vector<2x!foo.bar>
memref<4xf32, #foo.ms>
memref<4xf32, #foo.layout, 1>
memref<4x!foo.bar>
!foo
#foo
loc("a"(#foo.loc))
loc(#foo.bar<x>)
loc(#l)
!1
#1
#-a
""".strip("\n").split("\n")
