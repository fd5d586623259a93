"""Which blocks of a region every path to a block goes through: the dominator tree of its control flow."""

from __future__ import annotations

from collections.abc import Sequence

from approxir.ir.blocks import Block, Region


class Dominance:
    """Dominance between the blocks of one region; built in time nearly linear in its edges."""

    def __init__(self, region: Region) -> None:
        numbers = {block: number for number, block in enumerate(region.blocks)}
        successors: list[list[int]] = []
        for block in region.blocks:
            last = block.last
            targets = last._resolved().successors if last is not None else ()
            successors.append([numbers[target] for target in targets if target in numbers])
        self._numbers = numbers
        parents = immediate_dominators(successors)
        self._enter, self._leave = _intervals(parents)

    def is_reachable(self, block: Block) -> bool:
        """Whether control can get to the block."""
        return self._enter[self._numbers[block]] >= 0

    def dominates(self, above: Block, below: Block) -> bool:
        """Whether every path to `below` goes through `above`; true when nothing gets to `below`."""
        a, b = self._numbers[above], self._numbers[below]
        if self._enter[b] < 0:
            return True
        if self._enter[a] < 0:
            return False
        return self._enter[a] <= self._enter[b] and self._leave[b] <= self._leave[a]


def immediate_dominators(successors: Sequence[Sequence[int]]) -> list[int]:
    """For each node its immediate dominator: -1 for node 0, the entry, and -2 for what it does not reach.

    Lengauer and Tarjan's algorithm with path compression, O(edges * log nodes), written without recursion.
    """
    count = len(successors)
    number = [-1] * count  # depth-first number of each node
    order: list[int] = []  # nodes by that number
    parent = [-1] * count  # by number, in the spanning tree
    predecessors: list[list[int]] = [[] for _ in range(count)]
    stack = [(0, -1)]
    while stack:
        node, above = stack.pop()
        if number[node] >= 0:
            continue
        number[node] = len(order)
        parent[number[node]] = above
        order.append(node)
        stack.extend((target, number[node]) for target in reversed(successors[node]) if number[target] < 0)
    for node in order:
        for target in successors[node]:
            predecessors[number[target]].append(number[node])
    reached = len(order)
    semi = list(range(reached))
    label = list(range(reached))
    ancestor = [-1] * reached
    dominator = [-1] * reached
    bucket: list[list[int]] = [[] for _ in range(reached)]

    def evaluate(node: int) -> int:
        if ancestor[node] < 0:
            return label[node]
        path = []
        while ancestor[ancestor[node]] >= 0:
            path.append(node)
            node = ancestor[node]
        for below in reversed(path):
            above = ancestor[below]
            if semi[label[above]] < semi[label[below]]:
                label[below] = label[above]
            ancestor[below] = ancestor[above]
        return label[path[0]] if path else label[node]

    for node in range(reached - 1, 0, -1):
        for source in predecessors[node]:
            semi[node] = min(semi[node], semi[evaluate(source)])
        bucket[semi[node]].append(node)
        above = parent[node]
        ancestor[node] = above
        for below in bucket[above]:
            best = evaluate(below)
            dominator[below] = best if semi[best] < semi[below] else above
        bucket[above] = []
    for node in range(1, reached):
        if dominator[node] != semi[node]:
            dominator[node] = dominator[dominator[node]]
    result = [-2] * count
    for position, node in enumerate(order):
        result[node] = order[dominator[position]] if position else -1
    return result


def _intervals(parents: Sequence[int]) -> tuple[list[int], list[int]]:
    """Entry and exit times of a walk over the tree; -1 where a node is not in it."""
    children: list[list[int]] = [[] for _ in parents]
    for node, above in enumerate(parents):
        if above >= 0:
            children[above].append(node)
    enter, leave = [-1] * len(parents), [-1] * len(parents)
    clock = 0
    stack = [(0, False)] if parents else []
    while stack:
        node, done = stack.pop()
        if done:
            leave[node] = clock
        else:
            enter[node] = clock
            stack.append((node, True))
            stack.extend((child, False) for child in children[node])
        clock += 1
    return enter, leave
