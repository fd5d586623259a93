"""The record of a search: killed at any moment, shared by mistake, full disks, damage."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.evaluators import LANDSCAPE, good

from approxir.errors import ArgumentError
from approxir.tuning.database import RECORD, Database, read_searches
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.search_errors import DatabaseError, DatabaseInUseError
from approxir.tuning.tuner import Tuner

TESTS = Path(__file__).resolve().parent.parent
SPACE = LANDSCAPE.space


def run_script(text: str, **values: object) -> subprocess.Popen[str]:
    """Python that runs a script with these values, in a process of its own."""
    prelude = f"import os, sys, time\nsys.path.insert(0, {str(TESTS)!r})\n"
    prelude += "".join(f"{name} = {value!r}\n" for name, value in values.items())
    return subprocess.Popen(
        [sys.executable, "-c", prelude + text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def numbers(folder: Path) -> list[int]:
    return [evaluation.number for evaluation in read_searches(folder)[-1].evaluations]


SEARCH = """
from support.evaluators import LANDSCAPE, good
from approxir.tuning.tuner import Tuner

def evaluate(config):
    with open(marks, "a") as stream:
        stream.write(repr(LANDSCAPE.space.key(config)) + "\\n")
    return good(config)

with Tuner(LANDSCAPE.space, engine=engine, database=folder, resume=True, seed=1, sync=sync) as tuner:
    tuner.run(evaluate, evaluations=goal, progress=False, callback=lambda e: print(e.number, flush=True), **options)
print("complete", flush=True)
"""


@pytest.mark.parametrize(
    ("engine", "options", "kills", "sync"),
    [
        ("evolution", {}, 6, True),
        ("random", {}, 4, False),
        ("evolution", {"isolate": True}, 2, False),
        ("portfolio", {}, 2, True),
    ],
)
def test_killed_at_random_moments(
    engine: str, options: dict[str, Any], kills: int, sync: bool, tmp_path: Path
) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    folder, marks = tmp_path / "search", tmp_path / "marks"
    goal = 150 if engine != "portfolio" else 40
    said: list[int] = []
    died = 0
    for attempt in range(60):
        process = run_script(
            SEARCH, folder=str(folder), marks=str(marks), engine=engine, goal=goal, options=options, sync=sync
        )
        assert process.stdout is not None
        lines = []
        if attempt < kills:
            # From its very beginning to some evaluations later.
            lines = [process.stdout.readline() for _ in range(rng.randrange(0, goal // kills))]
            time.sleep(rng.random() * 0.02)
            process.send_signal(signal.SIGKILL)
        out, err = process.communicate(timeout=120)
        out = "".join(lines) + out
        said += [int(line) for line in out.split() if line.isdigit()]
        assert len(said) == len(set(said)), out
        if process.returncode == -signal.SIGKILL:
            died += 1
            continue
        assert process.returncode == 0, err
        assert out.endswith("complete\n")
        break
    assert died > 0
    # What was said to be found is on record, once, and nothing was evaluated twice but what was lost.
    kept = numbers(folder)
    assert len(kept) == len(set(kept)) == goal
    assert set(said) <= set(kept)
    evaluated = marks.read_text(encoding="utf-8").splitlines()
    assert len(set(evaluated)) >= goal
    assert len(evaluated) <= goal + died
    keys = [SPACE.key(e.config) for e in read_searches(folder)[-1].evaluations]
    assert len(set(keys)) == goal


def test_every_evaluation_is_on_record_before_the_next_begins(tmp_path: Path) -> None:
    folder = tmp_path / "search"

    def evaluate(config: dict[str, int]) -> tuple[float, float]:
        lines = (folder / RECORD).read_bytes().split(b"\n")
        assert lines.pop() == b""
        seen.append(len(lines) - 1)
        return good(config)

    seen: list[int] = []
    with Tuner(SPACE, engine="evolution", database=folder) as tuner:
        frontier = tuner.run(evaluate, evaluations=30, progress=False)
    assert not frontier.failures
    assert seen == list(range(30))


# ---- two at a time


def test_two_tuners_on_one_database(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    script = """
from support.evaluators import LANDSCAPE
from approxir.tuning.tuner import Tuner
tuner = Tuner(LANDSCAPE.space, engine="random", database=folder)
print("begun", flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys\nsys.path.insert(0, {str(TESTS)!r})\nfolder = {str(folder)!r}\n{script}",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    with pytest.raises(DatabaseInUseError, match=rf"in use by another tuner \(process {process.pid} on "):
        Tuner(SPACE, engine="random", database=folder)
    before = (folder / RECORD).read_bytes()
    process.kill()
    process.communicate()
    with Tuner(SPACE, engine="random", database=folder, resume=True) as held:
        assert (folder / RECORD).read_bytes() == before
        with pytest.raises(DatabaseInUseError, match="another tuner of this process"):
            Tuner(SPACE, engine="random", database=folder)
        # Trying in vain has not given up the lock.
        busy = run_script(
            "from support.evaluators import LANDSCAPE\nfrom approxir.tuning.tuner import Tuner\n"
            "Tuner(LANDSCAPE.space, engine='random', database=folder)",
            folder=str(folder),
        )
        assert "DatabaseInUseError" in busy.communicate(timeout=60)[1]
        assert held.run(good, evaluations=3, progress=False)
    Tuner(SPACE, engine="random", database=folder).close()


def test_many_that_begin_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    won, lost = [], []
    gate = threading.Barrier(8)

    def begin() -> None:
        gate.wait()
        try:
            won.append(Tuner(SPACE, engine="random", database=folder))
        except DatabaseInUseError:
            lost.append(1)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(lost) == 7
    won[0].close()


def test_after_a_run_others_may_have_the_database(tmp_path: Path) -> None:
    first = Tuner(SPACE, engine="random", database=tmp_path)
    first.run(good, evaluations=3, progress=False)
    with Tuner(SPACE, engine="random", database=tmp_path, resume=True) as second:
        second.run(good, evaluations=5, progress=False)
        assert len(second.evaluations) == 5
    with pytest.raises(DatabaseError, match="another tuner has written since"):
        first.run(good, evaluations=6, progress=False)
    first.close()
    assert numbers(tmp_path) == list(range(5))


# ---- resuming


def test_a_search_is_resumed_or_begun_anew(tmp_path: Path) -> None:
    with Tuner(SPACE, engine="evolution", database=tmp_path, bound=0.8) as held:
        held.baseline = Evaluation({}, 9.0, 1.0)
        held.run(good, evaluations=10, progress=False)
        first = held.evaluations
    with Tuner(SPACE, engine="random", database=tmp_path, resume=True) as held:
        assert held.evaluations == first
        assert held.baseline == Evaluation({}, 9.0, 1.0)
        frontier = held.run(good, evaluations=15, progress=False)
        assert frontier.evaluations[:10] == first
        assert [e.number for e in frontier.evaluations] == list(range(15))
    with Tuner(SPACE, engine="random", database=tmp_path) as held:
        assert held.evaluations == ()
        held.run(good, evaluations=2, progress=False)
    searches = read_searches(tmp_path)
    assert [len(search.evaluations) for search in searches] == [15, 2]
    assert searches[0].header["bound"] == 0.8
    assert searches[1].header["engine"] == "random"


def test_a_search_of_another_space_is_not_resumed(tmp_path: Path) -> None:
    Tuner(SPACE, engine="random", database=tmp_path).close()
    with pytest.raises(DatabaseError, match="one of another space"):
        Tuner(SPACE.static(), engine="random", database=tmp_path, resume=True)
    # The failure has not kept the folder locked.
    Tuner(SPACE, engine="random", database=tmp_path, resume=True).close()


# ---- full disks


FULL = """
import resource, signal
from support.evaluators import LANDSCAPE, good
from approxir.tuning.database import Database
from approxir.tuning.search_errors import DatabaseError
from approxir.tuning.tuner import Tuner
tuner = Tuner(LANDSCAPE.space, engine="random", database=folder, resume=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    tuner.run(good, evaluations=1000, progress=False)
except DatabaseError as error:
    print(len(tuner.evaluations), error)
"""


def test_a_full_disk(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    Tuner(SPACE, engine="random", database=folder).close()
    size = (folder / RECORD).stat().st_size
    kept = 0
    for more in (1000, 2003, 3010):
        process = run_script(FULL, folder=str(folder), limit=size + more)
        out, err = process.communicate(timeout=60)
        assert err == ""
        count, message = out.split(" ", 1)
        assert "File too large: an evaluation could not be written" in message
        assert f"the {count} before it are kept" in message
        data = (folder / RECORD).read_bytes()
        assert data.endswith(b"\n")
        assert len(data) <= size + more
        assert len(numbers(folder)) == int(count) > kept
        kept = int(count)
    with Tuner(SPACE, engine="random", database=folder, resume=True) as held:
        assert len(held.evaluations) == kept
        assert len(held.run(good, evaluations=kept + 5, progress=False).evaluations) == kept + 5


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a file system needs root")
def test_a_file_system_without_room(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        with Tuner(SPACE, engine="portfolio", database=folder / "search") as held:
            filler = folder / "filler"
            filler.write_bytes(b"x" * 4096)
            # Whoever meets the end of the room first, the record or OpenTuner's own database, says so.
            with pytest.raises(DatabaseError, match=r"No space left on device|full|I/O error"):
                held.run(good, evaluations=100_000, progress=False)
            count = len(held.evaluations)
        assert numbers(folder / "search") == list(range(count))
    finally:
        subprocess.run(["umount", str(folder)], check=True)


# ---- damage


def begun(folder: Path, count: int = 3) -> bytes:
    with Tuner(SPACE, engine="random", database=folder) as held:
        held.run(good, evaluations=count, progress=False)
    return (folder / RECORD).read_bytes()


def test_a_record_that_was_cut_anywhere(tmp_path: Path) -> None:
    data = begun(tmp_path)
    ends = [at for at, byte in enumerate(data) if byte == ord("\n")]
    rng = random.Random(0)
    for cut in sorted({*rng.sample(range(len(data)), 60), *ends, *(end + 1 for end in ends)}):
        (tmp_path / RECORD).write_bytes(data[:cut])
        with contextlib.closing(Database(tmp_path)) as held:
            whole = sum(end < cut for end in ends)
            assert len(held.searches) == min(whole, 1)
            assert sum(len(search.evaluations) for search in held.searches) == max(0, whole - 1)
            held.begin({"fingerprint": "x"})
        lines = (tmp_path / RECORD).read_bytes().split(b"\n")
        assert lines.pop() == b""
        assert len([json.loads(line) for line in lines]) == whole + 1


def test_a_record_with_zeros_at_its_end(tmp_path: Path) -> None:
    data = begun(tmp_path)
    for rest in (b"\0" * 100, b"\0" * 100 + b"\n"):
        (tmp_path / RECORD).write_bytes(data + rest)
        with Tuner(SPACE, engine="random", database=tmp_path, resume=True) as held:
            assert len(held.evaluations) == 3
        assert (tmp_path / RECORD).read_bytes() == data


@pytest.mark.parametrize(
    "line", ["{}", "[]", "1", "{", "\udce9", '{"config": {"a": 1.5}, "time_ms": 1, "quality": 1}']
)
def test_a_record_that_is_damaged_in_the_middle(tmp_path: Path, line: str) -> None:
    data = begun(tmp_path)
    lines = data.split(b"\n")
    lines[2] = line.encode("utf-8", "surrogateescape")
    damaged = b"\n".join(lines)
    (tmp_path / RECORD).write_bytes(damaged)
    with pytest.raises(DatabaseError, match=r"evaluations\.jsonl:3: error: this is no evaluation"):
        Tuner(SPACE, engine="random", database=tmp_path, resume=True)
    assert (tmp_path / RECORD).read_bytes() == damaged
    with pytest.raises(DatabaseError, match=r"evaluations\.jsonl:3"):
        read_searches(tmp_path)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatabaseError, match="cannot be used as the folder of a search"):
        Tuner(SPACE, engine="random", database=tmp_path / "file")
    (tmp_path / "search" / RECORD).mkdir(parents=True)
    with pytest.raises(DatabaseError, match="cannot be opened"):
        Tuner(SPACE, engine="random", database=tmp_path / "search")
    with pytest.raises(DatabaseError, match="cannot be read"):
        read_searches(tmp_path / "nowhere")


def test_odd_names(tmp_path: Path) -> None:
    folder = tmp_path / "a b'c\"d é\udce9"
    with Tuner(SPACE, engine="portfolio", database=folder) as held:
        assert len(held.run(good, evaluations=4, progress=False).evaluations) == 4


# ---- OpenTuner's own file


def _sql(path: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no version": lambda path: _sql(path, "delete from _meta"),
    "another version": lambda path: _sql(path, "update _meta set db_version = '9.9'"),
    "tables that are missing": lambda path: _sql(path, "drop table _meta"),
    "other columns": lambda path: _sql(path, "alter table result rename column time to weather"),
    "garbage": lambda path: path.write_bytes(b"garbage" * 1000),
    "an empty file": lambda path: path.write_bytes(b""),
    "half of a file": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a page of zeros": lambda path: path.write_bytes(path.read_bytes()[:8192] + bytes(4096) * 8),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search")
    with Tuner(SPACE, engine="opentuner", database=folder) as tuner:
        tuner.run(good, evaluations=4, progress=False)
    return folder


@pytest.mark.parametrize("name", [None, *DAMAGE])
def test_opentuner_begins_anew_where_its_file_is_damaged(
    name: str | None, finished: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "search"
    shutil.copytree(finished, folder)
    path = folder / "opentuner.sqlite"
    if name is not None:
        DAMAGE[name](path)
        (folder / "opentuner.sqlite-journal").write_bytes(b"of a process that died")
    with Tuner(SPACE, engine="opentuner", database=folder, resume=True) as tuner:
        tuner.run(good, evaluations=6, progress=False)
    assert numbers(folder) == list(range(6))
    # What is whole stays.
    assert ("it is set aside as opentuner.sqlite.damaged" in caplog.text) == (name is not None)
    assert (folder / "opentuner.sqlite.damaged").exists() == (name is not None)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        runs = connection.execute("select count(*) from tuning_run").fetchone()[0]
        # The best of those on record, and those that came later.
        results = connection.execute("select count(*) from result").fetchone()[0]
    assert runs == (2 if name is None else 1)
    assert results > 2


# ---- what is evaluated


def test_a_search_of_something_else_is_not_resumed(tmp_path: Path) -> None:
    def begun(subject: Any, resume: bool = True) -> None:
        with Tuner(SPACE, engine="random", database=tmp_path, resume=resume, subject=subject) as tuner:
            tuner.run(good, evaluations=len(tuner.evaluations) + 1, progress=False)

    first = {"module": "a" * 200, "metric": "l2", "argument 1": "500"}
    begun(None)
    # A record that does not tell is of anything.
    begun(first)
    begun(first, resume=False)
    begun(first)
    begun(None)
    with pytest.raises(
        DatabaseError,
        match=r"something else.*: metric is l2 there, not psnr; argument 1 is 500 there, not 50;",
    ):
        begun({**first, "metric": "psnr", "argument 1": "50"})
    with pytest.raises(DatabaseError, match="cannot be resumed: another module; begin a new one"):
        begun({**first, "module": "a" * 199 + "b"})
    assert numbers(tmp_path) == [0, 1, 2]
    begun("a text", resume=False)
    with pytest.raises(DatabaseError, match="subject is a text there, not another"):
        begun("another")
    with pytest.raises(ArgumentError, match="subject is a text, or a mapping from names to texts, not 3"):
        begun(3)
