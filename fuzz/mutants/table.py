"""Every mutant: small, realistic bugs in the passes and transforms of approxir."""

from __future__ import annotations

from approxir.testing.mutants.mutant import Mutant

_SEMANTICS = ("semantics",)
_CONFIG = "passes.config_approx"
_MANAGE = "passes.emit_management"
_REGIONS = "passes.regions"
_SCHEMES = "transforms.loop_schemes:Perforation"
_LOOPS = "transforms.loops:CountedLoop"

MUTANTS = (
    # ---- decisions
    Mutant(
        "threshold-greater",
        "a threshold is reached when the state is greater, not when it is as large",
        "passes.calls:at_least",
        "IntegerAttr(5, IntegerType(64))",
        "IntegerAttr(4, IntegerType(64))",
        _SEMANTICS,
    ),
    Mutant(
        "threshold-unsigned",
        "the state is compared with thresholds without a sign",
        "passes.calls:at_least",
        "IntegerAttr(5, IntegerType(64))",
        "IntegerAttr(9, IntegerType(64))",
        _SEMANTICS,
    ),
    Mutant(
        "threshold-swapped",
        "the threshold is compared with the state, not the state with it",
        f"{_CONFIG}:_reached",
        "at_least(build, state, limit)",
        "at_least(build, limit, state)",
        _SEMANTICS,
    ),
    Mutant(
        "threshold-sign-extended",
        "a threshold that is reached counts -1",
        f"{_CONFIG}:_reached",
        "'arith.extui'",
        "'arith.extsi'",
        _SEMANTICS,
    ),
    Mutant(
        "threshold-last-lost",
        "the last threshold does not count",
        f"{_CONFIG}:_reached",
        "for limit in limits:\n    one = build.create('arith.extui', [at_least(build, state, "
        "limit)], [_I32]).result\n"
        "    count = one if count is None else build.create('arith.addi', [count, one], [_I32]).result",
        "for limit in (limits[:-1] or limits):\n"
        "    one = build.create('arith.extui', [at_least(build, state, limit)], [_I32]).result\n"
        "    count = one if count is None else build.create('arith.addi', [count, one], [_I32]).result",
        _SEMANTICS,
    ),
    Mutant(
        "threshold-not-added",
        "of several thresholds only the last one is looked at",
        f"{_CONFIG}:_reached",
        "one if count is None else build.create('arith.addi', [count, one], [_I32]).result",
        "one",
        _SEMANTICS,
    ),
    Mutant(
        "threshold-off-by-one",
        "each threshold is one too large",
        f"{_CONFIG}:_switch",
        "constant(build, threshold, _I32)",
        "constant(build, min(threshold + 1, _MOST), _I32)",
        _SEMANTICS,
    ),
    Mutant(
        "cases-reversed",
        "the cases get the decisions in the opposite order",
        f"{_CONFIG}:_switch",
        "params.decisions[k]",
        "params.decisions[len(params.thresholds) - k]",
        _SEMANTICS,
    ),
    Mutant(
        "last-decision-lost",
        "the case behind the last threshold takes the decision before it",
        f"{_CONFIG}:_switch",
        "params.decisions[k]",
        "params.decisions[min(k, len(params.thresholds) - 1)]",
        _SEMANTICS,
    ),
    Mutant(
        "least-state-unreachable",
        "a threshold at the least state leaves out the wrong case",
        f"{_CONFIG}:_reachable",
        "ordered[k] < ordered[k + 1]",
        "ordered[k] < ordered[k + 1] - 1",
        _SEMANTICS,
    ),
    Mutant(
        "case-dropped",
        "the first case is taken for one that cannot happen",
        f"{_CONFIG}:_reachable",
        "[*found, len(thresholds)]",
        "[*found[1:], len(thresholds)]",
        _SEMANTICS,
    ),
    Mutant(
        "first-decision-always",
        "a tree without a choice takes the last decision",
        f"{_CONFIG}:_switch",
        "_transform(params, params.decisions[k], op)",
        "_transform(params, params.decisions[0], op)",
        _SEMANTICS,
    ),
    Mutant(
        "default-not-last",
        "the body of the last case is put where the first one belongs",
        f"{_REGIONS}:switch_on",
        "[Region.create([block]), *regions]",
        "[*regions, Region.create([block])]",
        (*_SEMANTICS, "valid", "upstream", "consistent", "crash"),
    ),
    Mutant(
        "case-values-dense",
        "the cases are numbered from 0 though some are left out",
        f"{_REGIONS}:switch_on",
        "tuple([value for value, _ in cases[:-1]])",
        "tuple([number for number, _ in enumerate(cases[:-1])])",
        (*_SEMANTICS, "live"),
    ),
    # ---- states
    Mutant(
        "state-index-without-sign",
        "negative state_indices count from the start",
        f"{_MANAGE}:_decision_tree",
        "arguments[index]",
        "arguments[abs(index)]",
        (*_SEMANTICS, "crash"),
    ),
    Mutant(
        "state-twice",
        "the state function is called twice, its effects with it",
        f"{_MANAGE}:_decision_tree",
        "state = call_function(build, name, block.arguments, op, key, functions, count=1, near=function)[0]",
        "state = call_function(build, name, block.arguments, op, key, functions, count=1, near=function)[0]\n"
        "state = call_function(build, name, block.arguments, op, key, functions, count=1, near=function)[0]",
        _SEMANTICS,
    ),
    # ---- tries
    Mutant(
        "check-inverted",
        "recovery happens where the check is passed",
        f"{_CONFIG}:_lower_try",
        "[Region.create([then]), Region.create([other])]",
        "[Region.create([other]), Region.create([then])]",
        _SEMANTICS,
    ),
    Mutant(
        "try-bypassed",
        "the knob yields what was computed, whatever the check says",
        f"{_CONFIG}:_lower_try",
        "for index, result in enumerate(choice.results):\n    last.set_operand(index, result)",
        "",
        _SEMANTICS,
    ),
    Mutant(
        "try-dropped",
        "the try is erased instead of lowered",
        f"{_CONFIG}:_lower",
        "_lower_try(knob.contract, functions, live.values if live is not None else None)",
        "knob.contract.operation.erase()",
        _SEMANTICS,
    ),
    Mutant(
        "try-first-result-only",
        "only the first result is replaced by that of the recovery",
        f"{_CONFIG}:_lower_try",
        "enumerate(choice.results)",
        "enumerate(list(choice.results)[:1])",
        _SEMANTICS,
    ),
    Mutant(
        "checker-first",
        "the checker runs before the function, on its arguments alone",
        f"{_MANAGE}:_emit",
        "body.last",
        "body.last.prev",
        ("crash", "valid", *_SEMANTICS),
    ),
    Mutant(
        "recover-arguments-swapped",
        "the recovering function gets arguments of one type in the opposite order",
        f"{_CONFIG}:_lower_try",
        "arguments = [*contract.recovery_args]",
        "arguments = [*contract.recovery_args]\n"
        "same = [n for n, a in enumerate(arguments) if a.type == arguments[0].type]\n"
        "for n, m in zip(same, same[::-1]):\n"
        "    arguments[n] = contract.recovery_args[m]",
        _SEMANTICS,
    ),
    Mutant(
        "checker-arguments-swapped",
        "the checker gets the function's arguments in the opposite order",
        f"{_MANAGE}:_contract",
        "inputs = [*terminator.operands, *block.arguments]",
        "own = list(block.arguments)\n"
        "same = [n for n, a in enumerate(own) if a.type == own[0].type]\n"
        "turned = [own[same[::-1][same.index(n)]] if n in same else a for n, a in enumerate(own)]\n"
        "inputs = [*terminator.operands, *turned]",
        _SEMANTICS,
    ),
    # ---- emitting
    Mutant(
        "sibling-dropped",
        "the function behind an annotated one is erased with the annotation",
        "passes.emit_management:_emit",
        "for op in wish.operations:\n    op.erase()",
        "for op in wish.operations:\n"
        "    following = op.next\n"
        "    op.erase()\n"
        "    if following is not None and following.name == 'func.func':\n"
        "        following.erase(force=True)",
        ("isolated", "crash", "valid", *_SEMANTICS),
    ),
    Mutant(
        "options-lost",
        "the options of a static transform are lost",
        f"{_MANAGE}:_transform",
        "write_params(made, params)",
        "",
        (*_SEMANTICS, "crash"),
    ),
    Mutant(
        "annotation-kept",
        "the annotations stay in the module",
        f"{_MANAGE}:_emit",
        "for op in wish.operations:\n    op.erase()",
        "",
        ("complete", "crash"),
    ),
    Mutant(
        "results-reversed",
        "the function returns the knob's results in the opposite order, where their types allow it",
        "passes.emit_approx:_wrap",
        "last.set_operand(index, result)",
        "last.set_operand(index, next((r for r in reversed(knob.results) if r.type == result.type)))",
        _SEMANTICS,
    ),
    # ---- function substitution
    Mutant(
        "copy-is-public",
        "the private copy of a function has no visibility",
        "passes.functions:private_function",
        "{'sym_name': StringAttr(name), 'function_type': TypeAttr(kind), 'sym_visibility': "
        "StringAttr('private')}",
        "{'sym_name': StringAttr(name), 'function_type': TypeAttr(kind)}",
        ("interface",),
    ),
    Mutant(
        "call-not-renamed",
        "a call is substituted in the name of the first candidate, whatever the decision",
        "transforms.func_substitute:FuncSubstitute.apply",
        "call.attributes['callee'] = SymbolRefAttr(name)",
        "",
        _SEMANTICS,
    ),
    Mutant(
        "substitute-off-by-one",
        "the knob value 2 calls the function of 1 where there is one",
        "transforms.func_substitute:FuncSubstitute.apply",
        "name = substitute_name(function, value)",
        "name = substitute_name(function, value)\n"
        "name = substitute_name(function, value - 1) if scope.functions.find("
        "substitute_name(function, value - 1), call) else name",
        _SEMANTICS,
    ),
    Mutant(
        "copy-not-specialised",
        "all cases share one copy of an outlined function, which each of them transforms",
        "transforms.base:Scope._specialise",
        "if fresh != name:\n    call.attributes['callee'] = SymbolRefAttr(fresh)",
        "",
        _SEMANTICS,
    ),
    # ---- task skipping
    Mutant(
        "branch-off-by-one",
        "the branch behind the one that was meant is kept",
        "transforms.task_skipping:_keep_branch",
        "found[number - 1]",
        "found[number % len(found)]",
        _SEMANTICS,
    ),
    Mutant(
        "branch-default-first",
        "the default of a switch is taken for its first branch",
        "dialects.approx.payload:branches",
        "if op.name != 'scf.if':\n    return list(op.regions)",
        "if op.name != 'scf.if':\n    return list(op.regions)[::-1]",
        _SEMANTICS,
    ),
    Mutant(
        "skip-exact",
        "the value 0 is taken to be exact by task_skipping",
        "transforms.task_skipping:TaskSkipping.is_exact",
        "return False",
        "return value == 0",
        _SEMANTICS,
    ),
    Mutant(
        "skip-some",
        "a skipped task still has its first effect",
        "transforms.task_skipping:_skip",
        "reversed(governed)",
        "reversed(governed[1:])",
        ("crash", *_SEMANTICS),
    ),
    # ---- loops
    Mutant(
        "stride-added",
        "the stride is added to the step, which has to be multiplied by it",
        f"{_SCHEMES}._stride",
        "loop.step * self.value",
        "loop.step + self.value",
        _SEMANTICS,
    ),
    Mutant(
        "stride-less-one",
        "the step is multiplied by v - 1",
        f"{_SCHEMES}._stride",
        "loop.step * self.value",
        "loop.step * (self.value - 1)",
        _SEMANTICS,
    ),
    Mutant(
        "one-not-exact",
        "the value 1 is taken for 2",
        "transforms.loop_perforate:LoopPerforate.apply",
        "held = _Options.read(scope, options)",
        "held = _Options.read(scope, options)\nvalue = max(value, 3)",
        _SEMANTICS,
    ),
    Mutant(
        "exact-approximated",
        "the value 0 is not taken to be exact",
        "transforms.loop_perforate:LoopPerforate.is_exact",
        "return value <= 1",
        "return value == 1",
        (*_SEMANTICS, "exact", "crash"),
    ),
    Mutant(
        "two-exact",
        "the value 2 is taken to be exact",
        "transforms.loop_perforate:LoopPerforate.is_exact",
        "return value <= 1",
        "return value <= 2",
        _SEMANTICS,
    ),
    Mutant(
        "last-loop",
        "the last loop is perforated, not the first one",
        "transforms.loop_perforate:_find",
        "return loops[0] if loops else None",
        "return loops[-1] if loops else None",
        _SEMANTICS,
    ),
    Mutant(
        "inner-loop",
        "where loops nest, the second one is perforated",
        "transforms.loop_perforate:_find",
        "return loops[0] if loops else None",
        "return loops[min(1, len(loops) - 1)] if loops else None",
        _SEMANTICS,
    ),
    Mutant(
        "overflow-forgotten",
        "the counter of a loop is taken to have room for any step",
        f"{_LOOPS}.has_room_for",
        "if step > highest:\n    return False",
        "return True",
        ("semantics", "crash"),
    ),
    Mutant(
        "skip-first",
        "the scheme skip leaves out the first of v iterations, not the last one",
        f"{_SCHEMES}.apply",
        "self._guard(loop, 'ne', self.value - 1)",
        "self._guard(loop, 'ne', 0)",
        _SEMANTICS,
    ),
    Mutant(
        "truncate-too-much",
        "the scheme truncate does only 1/v of the iterations",
        f"{_SCHEMES}._truncate",
        "done = do.sub(count, left_out)",
        "done = left_out",
        _SEMANTICS,
    ),
    Mutant(
        "random-without-seed",
        "the scheme random forgets its seed",
        f"{_SCHEMES}._sample",
        "self.seed",
        "0",
        _SEMANTICS,
    ),
    Mutant(
        "guard-carries-the-wrong",
        "an iteration that is left out hands on what loops were started with",
        f"{_LOOPS}.guard",
        "list(self.carried)",
        "list(self.inits)",
        _SEMANTICS,
    ),
    Mutant(
        "guard-mixes-carried",
        "an iteration that is left out hands on carried values of one type in the opposite order",
        f"{_LOOPS}.guard",
        "list(self.carried)",
        "[next(c for c in reversed(self.carried) if c.type == a.type) for a in self.carried]",
        _SEMANTICS,
    ),
    Mutant(
        "rescale-inverted",
        "sums are multiplied by iterations done / iterations",
        "transforms.loop_rescale:Rescaling.apply",
        "scaled_sum(build, result, inits[index], self.exact, self.done, kind)",
        "scaled_sum(build, result, inits[index], self.done, self.exact, kind)",
        _SEMANTICS,
    ),
    Mutant(
        "rescale-with-start",
        "the start value of a sum is rescaled too",
        "transforms.loop_rescale:scaled_sum",
        "build.create('arith.addi', [narrow, init], [kind]).result",
        "narrow",
        _SEMANTICS,
    ),
    Mutant(
        "rescale-forgotten",
        "the option rescale does nothing",
        "transforms.loop_perforate:LoopPerforate.apply",
        "if rescaling is not None:\n    rescaling.apply(counted)",
        "",
        _SEMANTICS,
    ),
    # ---- moving code
    Mutant(
        "payload-value-lost",
        "what stands behind a switch goes on using the value that was computed before it",
        f"{_REGIONS}:Payload.replace_outside",
        "for index in range(count):\n    self.last.set_operand(index, results[index])",
        "",
        ("valid", "crash", "consistent", *_SEMANTICS),
    ),
    Mutant(
        "clones-share",
        "the copies of a body use the values of the original",
        f"{_REGIONS}:switch_on",
        "values = [mapping.get(value, value) for value in payload.values]",
        "values = list(payload.values)",
        ("valid", "crash", "consistent", *_SEMANTICS),
    ),
    Mutant(
        "try-inside-the-decision",
        "what a decision governs includes the try",
        f"{_REGIONS}:Payload.behind",
        "after is not None and after.next is not None and local_name(after) != 'try'",
        "after is not None and after.next is not None",
        ("crash", "valid", *_SEMANTICS),
    ),
    Mutant(
        "knob-misplaced",
        "a knob dissolves behind the return",
        "passes.finalize_approx:_dissolve",
        "op.replace_with(*values)",
        "op.replace_with(*reversed(values)) if len({str(v.type) for v in values}) == 1 else "
        "op.replace_with(*values)",
        _SEMANTICS,
    ),
    # ---- the contract of a pass
    Mutant(
        "says-nothing-changed",
        "a pass says that it changed nothing",
        "passes.emit_management:EmitManagement.apply",
        "return bool(wishes)",
        "return False",
        ("changed", "composition", "crash", "valid", *_SEMANTICS),
    ),
    Mutant(
        "says-changed",
        "a pass says that it changed something whenever the module has functions",
        "passes.finalize_approx:FinalizeApprox.apply",
        "return _clean(module) or bool(found)",
        "_clean(module)\nreturn bool(module.find('func.func'))",
        ("changed", "idempotent"),
    ),
    Mutant(
        "marks-left",
        "marks that passes left for one another stay",
        "passes.finalize_approx:FinalizeApprox.apply",
        "return _clean(module) or bool(found)",
        "return bool(found)",
        ("complete",),
    ),
    Mutant(
        "not-idempotent",
        "a pass adds a function each time it runs",
        "passes.pre_emit_transform:PreEmitTransform.apply",
        "return bool(marked)",
        "from approxir.ir.building import Builder\n"
        "for f in module.find('func.func')[:1]:\n"
        "    f.block.insert(f.clone(), before=f) if False else functions.add(f.clone(), after=f)\n"
        "return True",
        ("idempotent", "isolated", "changed"),
    ),
    Mutant(
        "untouched-function-renamed",
        "a pass gives an attribute to every function",
        "passes.finalize_approx:_clean",
        "return bool(marked)",
        "for op in module.find('func.func'):\n    op.attributes['seen'] = "
        "__import__('approxir').values.UnitAttr()\n"
        "return True",
        ("isolated", "idempotent"),
    ),
    Mutant(
        "unused-copies-kept",
        "functions that passes made stay when nothing calls them any more",
        "passes.finalize_approx:_clean",
        "_remove_unused(module, outlined)",
        "",
        ("composition", "interface"),
    ),
    Mutant(
        "used-copies-removed",
        "functions that passes made are removed though they are called",
        "passes.finalize_approx:_remove_unused",
        "if not used_by[symbol_name(op)] - {op}:\n    op.erase()",
        "op.erase(force=True)",
        ("valid", "crash"),
    ),
    # ---- live parameters
    Mutant(
        "live-base-forgotten",
        "every knob reads the parameters of the first one",
        f"{_CONFIG}:_lower",
        "base or 0",
        "0",
        ("live",),
    ),
    Mutant(
        "live-thresholds-shifted",
        "live decisions are read where the thresholds begin",
        f"{_CONFIG}:_switch_live",
        "base + count",
        "base",
        ("live", "crash"),
    ),
    Mutant(
        "live-candidate-lost",
        "the decisions that only a configuration can choose are not compiled",
        "passes.live:candidates",
        "(*params.decision_values, *params.decisions)",
        "params.decisions",
        ("live", "crash"),
    ),
)
"""All mutants; `oracles` name those of `approxir.testing.examination.ORACLES`, and ``crash``."""
