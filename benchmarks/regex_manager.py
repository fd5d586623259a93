"""The peer of `knobs.py`: a configuration manager as one writes it in an afternoon, on regular expressions.

It expects every annotation on one line, its values spelled ``name = array<i32: 1, 2>``, and takes whatever
looks like one for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ANNOTATION = re.compile(r'approx\.util\.annotation\.decision_tree"?[^\n]*')
FUNCTION = re.compile(r'func_name = "@?([^"]*)"')
ARRAY = re.compile(r"\b(thresholds|decisions) = array<i32: ([^>]*)>")


class RegexManager:
    """Reads and writes the thresholds and decisions of annotations."""

    def parse_annotations(self, text: str) -> dict[str, int]:
        found = {}
        for match in ANNOTATION.finditer(text):
            function = FUNCTION.search(match.group())
            if function is None:
                continue
            for kind, numbers in ARRAY.findall(match.group()):
                for index, number in enumerate(numbers.split(",")):
                    found[f"{function[1]}_{kind[:-1]}_{index}"] = int(number)
        return found

    def apply_config(self, text: str, config: Mapping[str, int]) -> str:
        def annotation(match: re.Match[str]) -> str:
            function = FUNCTION.search(match.group())
            if function is None:
                return match.group()

            def array(held: re.Match[str]) -> str:
                kind, numbers = held.groups()
                values = [
                    str(config.get(f"{function[1]}_{kind[:-1]}_{index}", number.strip()))
                    for index, number in enumerate(numbers.split(","))
                ]
                return f"{kind} = array<i32: {', '.join(values)}>"

            return ARRAY.sub(array, match.group())

        return ANNOTATION.sub(annotation, text)
