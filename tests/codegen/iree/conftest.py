from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("iree.compiler")
pytest.importorskip("iree.runtime")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests neither use nor fill the cache of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APPROXIR_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("APPROXIR_CACHE_SIZE", raising=False)
        patch.delenv("APPROX_BACKEND", raising=False)
        yield


@pytest.fixture
def private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own; where it is."""
    folder = tmp_path / "own-cache"
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(folder))
    return folder
