"""What tree-sitter makes of C or C++ code: the functions in it, and which one follows a place.

The parser needs no headers, and reads on behind what it does not understand, as macros are.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from approxir.errors import MissingDependencyError
from approxir.syntax.faults import Fault

if TYPE_CHECKING:
    from tree_sitter import Node
    from tree_sitter import Tree as SyntaxTree

Language = Literal["c", "c++"]

NAME_IT = "say which function is meant: func_name: name"
# What may stand between an annotation and its function, besides functions.
_PASSED = frozenset({
    "declaration", "field_declaration", "type_definition", "alias_declaration", "using_declaration",
    "expression_statement", "static_assert_declaration", "access_specifier", "attribute_declaration",
    "namespace_alias_definition", "concept_definition", "type_identifier",
    "identifier", "primitive_type", "gnu_asm_expression", "storage_class_specifier", "type_qualifier",
})  # fmt: skip
_DECLARATIONS = frozenset({"declaration", "field_declaration", "template_instantiation"})
# Where functions stand one after the other, so that anything else is not understood.
_LISTS = frozenset({"translation_unit", "declaration_list", "field_declaration_list"})
_TYPES = frozenset({"struct_specifier", "class_specifier", "union_specifier", "enum_specifier"})
_OPENED = (
    frozenset({
        "linkage_specification", "namespace_definition", "template_declaration", "friend_declaration",
        "export_declaration",
    })
    | _LISTS
    | _TYPES
)  # fmt: skip
_TYPE_NAMES = frozenset({
    "primitive_type", "type_identifier", "sized_type_specifier", "placeholder_type_specifier",
    "template_type", "qualified_identifier", "macro_type_specifier", "dependent_type", "decltype",
}) | _TYPES  # fmt: skip
# What may stand behind a function whose header is not understood.
_ENDS = frozenset({"expression_statement", "compound_statement", ";"})
_BRACES = frozenset({"{", "}", "compound_statement"})
_WRAPPED = frozenset({
    "pointer_declarator", "reference_declarator", "parenthesized_declarator", "attributed_declarator",
    "array_declarator", "function_declarator", "init_declarator",
})  # fmt: skip
# What an initial value may be that is taken for one although it may be parameters, or a body.
_DOUBTFUL_VALUES = frozenset({"argument_list", "initializer_list"})
_LITERALS = frozenset({
    "number_literal", "string_literal", "concatenated_string", "char_literal", "true", "false", "null",
    "lambda_expression", "initializer_list",
})  # fmt: skip
_NAMES = frozenset({"identifier", "field_identifier", "template_function", "qualified_identifier"})
# What stands where a function has its name, in code that is not understood.
_KEYWORDS = frozenset({b"decltype", b"typeof", b"__typeof__", b"alignas", b"_Alignas", b"__declspec"})
_PARAMETERS = frozenset({"parameter_declaration", "optional_parameter_declaration", "identifier"})


@dataclass(frozen=True, slots=True)
class Function:
    """A function definition or declaration.

    `parameters` is the number of parameters, None where it is not known: for packs, for what the parser does
    not understand, for ``int f();`` in what may be C, where it says nothing of them, and for functions that
    may be members of a class, which get their object besides.
    """

    name: str
    scope: tuple[str, ...]
    parameters: int | None
    start: int
    name_start: int

    @property
    def qualified(self) -> str:
        """The name with the namespaces and classes that it is in: ``ns::A::f``."""
        return "::".join((*self.scope, self.name))


class Unclear(Fault):
    """Which function is meant cannot be told, because the code is not understood."""


class NoFunction(Fault):
    """There is no function."""


class Tree:
    """What the parser of one language makes of code; `faults` is how much of it was not understood.

    `has_prototypes` says that ``int f();`` declares that there are no parameters, as it does in C++.
    """

    def __init__(self, source: str, code: str, language: Language, *, has_prototypes: bool) -> None:
        self._has_prototypes = has_prototypes
        self._source = source
        self._code = code
        root = _parse(code, language).root_node
        self.faults = _faults(root)
        # A root that is not understood at all holds everything in one.
        self._top = root.children if root.type != "ERROR" else [root]
        self._ends = [node.end_byte for node in self._top]

    def following(self, place: int) -> tuple[Function, bool]:
        """The first function behind an offset, and whether all of the code up to it is understood.

        Raises `Fault` as `Functions.following` does.
        """
        is_clear = True
        for index in range(bisect_right(self._ends, place), len(self._top)):
            function = self._first_in(self._top[index], place)
            is_clear = is_clear and not self._top[index].has_error
            if function is not None:
                return function, is_clear
        raise NoFunction("no function follows", -1, hint=NAME_IT)

    def _first_in(self, top: Node, place: int) -> Function | None:
        """The first function in a node of the top level that is behind an offset."""
        pending: list[tuple[Node, tuple[str, ...]]] = [(top, ())]
        while pending:
            node, scope = pending.pop()
            if node.end_byte <= place:
                continue
            kind = node.type
            if kind == "function_definition":
                return self._defined(node, place, scope)
            if kind in _DECLARATIONS:
                inner = node.child_by_field_name("type")
                if inner is None or inner.type not in _TYPES or inner.end_byte <= place:
                    function = next(self._declared(node, scope), None)
                    if function is not None:
                        return _behind(function, place, node)
                    if node.has_error:
                        raise _unclear(node)
                else:
                    # Its members come first, and then what it declares.
                    pending.extend(
                        (each, scope) for each in reversed(node.children_by_field_name("declarator"))
                    )
                    pending.append((inner, scope))
            elif kind in _WRAPPED:
                assert node.parent is not None
                function = self._declarator(node, node.parent, scope)
                if function is not None:
                    return function
            elif kind in _OPENED:
                pending.extend((child, self._inside(node, scope)) for child in reversed(node.children))
            elif kind == "ERROR":
                function = self._in_error(node, place, scope)
                if function is not None:
                    return function
            elif (
                (kind not in _PASSED or not _is_passed(node))
                and node.is_named
                and node.parent is not None
                and node.parent.type in _LISTS
            ):
                raise _unclear(node)
        return None

    def _defined(self, node: Node, place: int, scope: tuple[str, ...]) -> Function:
        """The function of a definition that ends behind an offset."""
        body = node.child_by_field_name("body")
        if body is None or body.start_byte >= place:
            return _behind(self._definition(node, scope), place, node)
        if node.has_error:
            raise _unclear(node)
        name = self._definition(node, scope).name
        message = f"an annotation stands before its function, not in the body of '{name}'"
        raise Fault(message, -1, hint=f"move it to where a function begins, or {NAME_IT}")

    def _in_error(self, node: Node, place: int, scope: tuple[str, ...]) -> Function | None:
        """The function in what the parser does not understand, which macros around one may be the cause of.

        None where it is a macro by itself, before a function. Raises `Unclear` for all else.
        """
        children = node.children
        if any(child.type in _BRACES for child in children) or node.start_byte < place:
            raise _unclear(node)
        following = node.next_sibling
        has_type = False
        for number, child in enumerate(children):
            if child.type in _TYPE_NAMES:
                has_type = True
            elif child.type in _WRAPPED and has_type:
                function = self._declarator(child, node, scope) if _is_called_well(child) else None
                others = any(each.type in _WRAPPED for each in children[number + 1 :])
                if function is None or others or following is None or following.type not in _ENDS:
                    raise _unclear(node)
                return function
        if has_type or following is None or following.type not in ("function_definition", "declaration"):
            raise _unclear(node)
        return None

    def functions(self) -> Iterator[Function]:
        """Every function whose name can be told, in order."""
        pending: list[tuple[Node, tuple[str, ...]]] = [(node, ()) for node in reversed(self._top)]
        while pending:
            current, around = pending.pop()
            try:
                if current.type == "function_definition":
                    yield self._definition(current, around)
                    continue
                if current.type in _DECLARATIONS:
                    yield from self._declared(current, around)
            except Fault:
                continue
            inside = self._inside(current, around)
            if current.type != "compound_statement":
                pending.extend((child, inside) for child in reversed(current.children))

    # Signatures.

    def _definition(self, node: Node, scope: tuple[str, ...]) -> Function:
        _check_header(node)
        declarator = node.child_by_field_name("declarator")
        function = None if declarator is None else self._declarator(declarator, node, scope)
        if function is None:
            raise _unclear(node)
        return _typed(node, function)

    def _declared(self, node: Node, scope: tuple[str, ...]) -> Iterator[Function]:
        _check_header(node)
        for declarator in node.children_by_field_name("declarator"):
            function = self._declarator(declarator, node, scope)
            if function is not None:
                yield _typed(node, function)

    def _declarator(self, node: Node, around: Node, scope: tuple[str, ...]) -> Function | None:
        """The function that a declarator declares; None for a variable, one that holds functions included."""
        innermost: Node | None = None
        called_twice = False
        current: Node | None = node
        while current is not None and current.type in _WRAPPED:
            if current.type == "function_declarator":
                called_twice = innermost is not None and current.parent == innermost
                innermost = current
            current = current.child_by_field_name("declarator") or _inner(current)
        if innermost is None and node.type == "init_declarator":
            return self._initialized(node, around, scope)
        if innermost is None or current is None:
            return None
        direct = innermost.child_by_field_name("declarator")
        while direct is not None and direct.type in ("parenthesized_declarator", "attributed_declarator"):
            direct = _inner(direct)
        if direct is None or direct.type in (
            "pointer_declarator",
            "reference_declarator",
            "array_declarator",
        ):
            return None
        if called_twice or current.type not in _NAMES or current.text in _KEYWORDS:
            raise Fault(f"the name of '{self._header(around)}' cannot be told", -1, hint=NAME_IT)
        names = self._components(current)
        parameters = innermost.child_by_field_name("parameters")
        value = node.child_by_field_name("value")
        if (parameters is not None and _has_literals(parameters)) or (
            value is not None and value.type == "argument_list"
        ):
            # A variable, or a macro with arguments.
            raise _unclear(node)
        count = None if parameters is None else _count(parameters)
        declared_only = around.type != "function_definition" and not scope and len(names) == 1
        if declared_only and not self._has_prototypes and parameters is not None:
            # In C, ``int f();`` says nothing of the parameters.
            count = count if parameters.named_children else None
        if len(names) > 1 or _is_member(around):
            count = None
        return Function(names[-1], (*scope, *names[:-1]), count, around.start_byte, current.start_byte)

    def _initialized(self, node: Node, around: Node, scope: tuple[str, ...]) -> Function | None:
        """The function in a declaration that was taken for one of a variable with an initial value.

        Without knowing what is a type, ``T f(U (*a)[3])`` may be either, and so may what macros stand for.
        None where it is certainly a variable. Raises `Unclear`.
        """
        value = node.child_by_field_name("value")
        if (
            value is None
            or value.type not in _DOUBTFUL_VALUES
            or any(each.type == "=" for each in node.children)
        ):
            return None
        kind, name = around.child_by_field_name("type"), node.child_by_field_name("declarator")
        if (
            value.type == "initializer_list"
            or kind is None
            or kind.text != b"void"
            or name is None
            or name.type not in _NAMES
            or value.has_error
            or any(each.type in _LITERALS for each in value.named_children)
        ):
            raise _unclear(node, "may declare a function or a variable")
        # No variable is of the type void.
        names = self._components(name)
        return Function(names[-1], (*scope, *names[:-1]), None, around.start_byte, name.start_byte)

    def _inside(self, node: Node, scope: tuple[str, ...]) -> tuple[str, ...]:
        """The scope of what is in a node."""
        name = node.child_by_field_name("name")
        if name is None or node.type not in _OPENED or node.type == "enum_specifier":
            return scope
        return (*scope, *self._components(name))

    def _components(self, node: Node) -> list[str]:
        """The parts of a name, template arguments left out."""
        found = []
        pending = [node]
        while pending:
            current = pending.pop()
            if current.type in ("qualified_identifier", "nested_namespace_specifier"):
                pending.extend(reversed(current.named_children))
            elif current.type in ("template_function", "template_type", "template_method"):
                name = current.child_by_field_name("name")
                pending.extend([] if name is None else [name])
            else:
                found.append(self._source[current.start_byte : current.end_byte])
        return found

    def _header(self, node: Node) -> str:
        text = " ".join(self._text(node).partition("{")[0].split())
        return text if len(text) <= 60 else text[:60] + "..."

    def _text(self, node: Node) -> str:
        return self._code[node.start_byte : node.end_byte]


def _behind(function: Function, place: int, node: Node) -> Function:
    """The function, unless an offset is behind its name: then it is none that follows. Raises `Unclear`."""
    if function.name_start < place:
        raise _unclear(node)
    return function


def _typed(node: Node, function: Function) -> Function:
    """The function, if what declares it says what it returns, in whatever form. Raises `Fault`."""
    before = node.prev_sibling
    if node.child_by_field_name("type") is None and (before is None or before.type != "ERROR"):
        message = f"'{function.name}' has no return type; it may be a macro, or a constructor"
        raise Fault(message, -1, hint=NAME_IT)
    return function


def _check_header(node: Node) -> None:
    """Raise `Unclear` where what declares something has in it what may be another function, or has no end.

    A declaration in it is of a parameter, in the old style.
    """
    for child in node.children:
        if (
            child.is_missing
            or (child.type == "ERROR" and "(" in (child.text or b"").decode())
            or (child.type == "declaration" and child.has_error)
        ):
            raise _unclear(node)


def _has_literals(parameters: Node) -> bool:
    """Whether there are literals in a list, which are no parameters."""
    return any(
        child.type == "ERROR" and any(each.type in _LITERALS for each in child.children)
        for child in parameters.children
    )


def _is_passed(node: Node) -> bool:
    """Whether a statement is one that no function can be taken for: empty, assembly, or a macro by itself."""
    if node.type != "expression_statement" or not node.named_children:
        return True
    held = node.named_children[0]
    if held.type == "gnu_asm_expression":
        return True
    called = held.child_by_field_name("function") if held.type == "call_expression" else held
    return called is not None and called.type == "identifier"


def _unclear(node: Node, problem: str = "is not understood") -> Unclear:
    return unclear_line(node.start_point.row + 1, problem)


def unclear_line(line: int, problem: str = "is not understood") -> Unclear:
    """What to raise for code that is not understood, or means one of two things."""
    message = f"which function follows cannot be told: the code in line {line} {problem}"
    return Unclear(message, -1, hint=NAME_IT)


def _inner(node: Node) -> Node | None:
    """The declarator in a declarator that has no field for it."""
    return next((child for child in node.named_children if child.type in _WRAPPED | _NAMES), None)


def _is_called_well(declarator: Node) -> bool:
    """Whether the parameters that a declarator declares are understood."""
    current: Node | None = declarator
    while current is not None and current.type in _WRAPPED:
        parameters = current.child_by_field_name("parameters")
        if parameters is not None and parameters.has_error:
            return False
        current = current.child_by_field_name("declarator") or _inner(current)
    return True


def _count(parameters: Node) -> int | None:
    """How many parameters a list has, ``...`` not counted; None where that is not known."""
    if parameters.has_error:
        return None
    held = [child for child in parameters.named_children if child.type != "comment"]
    if any(child.type not in _PARAMETERS and child.type != "variadic_parameter" for child in held):
        return None
    held = [child for child in held if child.type in _PARAMETERS]
    if len(held) == 1 and held[0].text == b"void":
        return 0
    return len(held)


def _is_member(node: Node) -> bool:
    """Whether a function in a class is called on an object."""
    parent = node.parent
    while parent is not None and parent.type == "template_declaration":
        parent = parent.parent
    if parent is None or parent.type != "field_declaration_list":
        return False
    words = [child.text for child in node.children if child.type == "storage_class_specifier"]
    return b"static" not in words


def _parse(code: str, language: Language) -> SyntaxTree:
    try:
        import tree_sitter
        import tree_sitter_c
        import tree_sitter_cpp
    except ImportError as error:
        raise MissingDependencyError(
            f"reading C and C++ needs tree-sitter, and {error.name} is not installed; "
            'install it with: pip install "approxir[cpp]"'
        ) from None
    grammar = tree_sitter_c.language() if language == "c" else tree_sitter_cpp.language()
    return tree_sitter.Parser(tree_sitter.Language(grammar)).parse(code.encode("ascii"))


def _faults(root: Node) -> int:
    """How many places of a tree the parser did not understand."""
    count = 0
    pending = [root]
    while pending:
        node = pending.pop()
        if node.has_error:
            count += node.is_missing or node.type == "ERROR"
            pending.extend(node.children)
    return count
