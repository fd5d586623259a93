"""The cache of artifacts: several processes, damaged files, limits, and places that cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approxir.codegen.iree.cache import Cache, CacheSettingsError, default_cache, key_of

KEY = key_of("something")


def entries(cache: Cache) -> list[Path]:
    return sorted(cache.folder.glob("*.artifact"))


def test_what_is_put_is_found(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "a" / "b")
    assert cache.get(KEY) is None
    assert cache.put(KEY, b"data")
    assert cache.get(KEY) == b"data"
    assert Cache(tmp_path / "a" / "b").get(KEY) == b"data"
    assert cache.put(KEY, b"")
    assert cache.get(KEY) == b""
    info = cache.info()
    assert (info.entries, info.problem, info.directory) == (1, None, cache.folder)
    assert cache.clear() == 1
    assert cache.get(KEY) is None
    assert cache.info().entries == 0


@given(
    st.lists(st.text(max_size=3) | st.binary(max_size=3), max_size=4),
    st.lists(st.text(max_size=3), max_size=4),
)
def test_keys_tell_parts_apart(first: list[str | bytes], second: list[str]) -> None:
    flat = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in first]
    other = [part.encode("utf-8", "surrogatepass") for part in second]
    assert (key_of(*first) == key_of(*second)) == (flat == other)


@pytest.mark.parametrize("damage", ["truncated", "emptied", "flipped", "longer", "other key", "directory"])
def test_damaged_entries_are_made_anew(tmp_path: Path, damage: str) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, b"x" * 1000)
    (path,) = entries(cache)
    data = path.read_bytes()
    if damage == "directory":
        path.unlink()
        path.mkdir()
    elif damage == "other key":
        other = key_of("other")
        cache.put(other, b"y")
        (cache.folder / f"{other}.artifact").replace(path)
    else:
        path.write_bytes(
            {
                "truncated": data[:-1],
                "emptied": b"",
                "flipped": data[:500] + bytes([data[500] ^ 1]) + data[501:],
                "longer": data + b"x",
            }[damage]
        )
    assert cache.get(KEY) is None
    if damage != "directory":
        assert entries(cache) == []
        assert cache.put(KEY, b"new")
        assert cache.get(KEY) == b"new"


def test_the_oldest_go_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=3500)
    keys = [key_of(str(number)) for number in range(4)]
    for number, key in enumerate(keys[:3]):
        cache.put(key, b"x" * 1000)
        os.utime(cache.folder / f"{key}.artifact", (number, number))
    # Being used makes the first one the youngest.
    assert cache.get(keys[0]) is not None
    cache.put(keys[3], b"x" * 1000)
    assert [cache.get(key) is not None for key in keys] == [True, False, True, True]
    assert cache.info().size <= 3500


def test_what_does_not_fit_is_not_kept(tmp_path: Path) -> None:
    assert not Cache(tmp_path, limit=100).put(KEY, b"x" * 100)
    assert not Cache(tmp_path / "none", limit=0).put(KEY, b"")
    assert not (tmp_path / "none").exists()
    problem = Cache(tmp_path, limit=0).info().problem
    assert problem is not None
    assert "switched off" in problem


def test_leftovers_of_dead_writers_go(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, b"1")
    old, young = cache.folder / "0.partial", cache.folder / "1.partial"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (0, 0))
    cache.put(key_of("more"), b"2")
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="there are no symbolic links here")
def test_links_are_not_followed(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    cache.put(KEY, b"mine")
    (path,) = entries(cache)
    outside = tmp_path / "outside"
    outside.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(outside)
    assert cache.get(KEY) is None
    kept = outside.read_bytes()
    assert cache.put(KEY, b"new")
    assert outside.read_bytes() == kept

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = Cache(tmp_path / "linked")
    other.directory.mkdir()
    other.folder.symlink_to(elsewhere, target_is_directory=True)
    assert not other.put(KEY, b"new")
    assert other.get(KEY) is None
    assert list(elsewhere.iterdir()) == []
    problem = other.info().problem
    assert problem is not None
    assert "symbolic link" in problem


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions are different here")
def test_folders_of_others_are_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, b"mine")
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    cache.folder.chmod(0o777)
    assert cache.get(KEY) is None
    assert not cache.put(KEY, b"new")
    cache.folder.chmod(0o700)
    assert cache.get(KEY) == b"mine"
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert cache.get(KEY) is None
    problem = cache.info().problem
    assert problem is not None
    assert "another user" in problem


def test_places_that_cannot_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    for place in (file, file / "below", Path("/proc/nowhere"), Path("/dev/null")):
        cache = Cache(place)
        assert not cache.put(KEY, b"data")
        assert cache.get(KEY) is None
    cache = Cache(tmp_path / "full")
    cache.put(key_of("kept"), b"kept")

    def full(descriptor: int, mode: str) -> object:
        os.close(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("builtins.open", full)
    assert not cache.put(KEY, b"data")
    monkeypatch.undo()
    assert cache.get(key_of("kept")) == b"kept"
    assert list(cache.folder.glob("*.partial")) == []


@pytest.mark.parametrize(
    ("text", "limit"),
    [("500M", 500 << 20), ("2GiB", 2 << 30), ("7 kb", 7 << 10), ("12", 12), ("0", 0), ("", 1 << 30)],
)
def test_settings(text: str, limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPROXIR_CACHE_SIZE", text)
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path))
    cache = default_cache()
    assert (cache.limit, cache.directory) == (limit, tmp_path)


@pytest.mark.parametrize("text", ["much", "-1", "1.5G", "1 G B", "5X"])
def test_settings_that_are_wrong(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPROXIR_CACHE_SIZE", text)
    with pytest.raises(CacheSettingsError, match="APPROXIR_CACHE_SIZE is"):
        default_cache()


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms have other places")
def test_default_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("APPROXIR_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache().directory == tmp_path / "approxir"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_cache().directory == tmp_path / "home" / ".cache" / "approxir"


WRITER = """
import sys
from approxir.codegen.iree.cache import Cache, key_of
cache = Cache(sys.argv[1], limit=60_000)
for round in range(150):
    for number in range(8):
        key = key_of(str(number))
        data = (b"%d" % number) * 10_000
        found = cache.get(key)
        assert found in (None, data), (number, found[:20])
        if found is None:
            cache.put(key, data)
"""


def test_several_processes_at_once(tmp_path: Path) -> None:
    """They write, read and evict the same entries, of which one more does not fit."""
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in running:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    time.sleep(0)
    cache = Cache(tmp_path, limit=60_000)
    cache.put(KEY, b"")
    assert cache.info().size <= 60_000
    assert list(cache.folder.glob("*.partial")) == []
