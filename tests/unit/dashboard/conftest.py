"""Studies on disk for the pages, and pages run without a browser."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from hypercore.analysis.analyse import Settings, write_analysis
from hypercore.spec.clipping import OFF, ON, parse_clipping
from tests.unit.studies import MadeUp, write_study

RunPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies; the second lacks some cells, and some failed."""
    folder = tmp_path_factory.mktemp("results")
    write_study(folder)
    write_study(
        folder,
        MadeUp(
            study="gaps",
            alphas=(("SGD / SGD", (0.01, 0.1, 1.0, 10.0, 100.0)),),
            missing=lambda cell: cell.seed == 3,
            failed=lambda cell: cell.seed == 4 and cell.stack.height > 1,
        ),
    )
    return folder


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One study with every table of the analysis, of runs that were published too, and nothing beside it."""
    folder = tmp_path_factory.mktemp("rich")
    alphas = (("Adam / SGD", (1e-4, 1e-3, 5e-3, 1e-2, 5e-2)), ("SGD / SGD / SGD", (0.1, 1.0)))
    made_up = MadeUp("rich", "mnist", alphas, seeds=6, batch_size=256)
    write_analysis(write_study(folder, made_up), Settings())
    return folder


@pytest.fixture(scope="session")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of one stack on two networks, of which one has no baselines, analysed."""
    folder = tmp_path_factory.mktemp("networks")
    stack = (("SGD / SGD", (0.01, 0.1, 1.0, 1000.0)),)
    bare = MadeUp("networks", model="cnn", alphas=stack, baselines=False)
    write_analysis(write_study(folder, MadeUp("networks", alphas=stack, beside=bare)), Settings())
    return folder


# Clipping rules beside off and on.
RULES = ("scale(0.5)", "fixed(1)", "agc(0.01)", "autoclip(10)", "agc(0.1)", "fixed(2)", "scale(2)")


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of many clippings, analysed."""
    folder = tmp_path_factory.mktemp("many")
    made = MadeUp(clippings=(OFF, ON, *map(parse_clipping, RULES)), seeds=2)
    write_analysis(write_study(folder, made), Settings())
    return folder


@pytest.fixture
def run_page(monkeypatch: pytest.MonkeyPatch, results: Path) -> RunPage:
    def run(path: str, folder: Path = results, opened: Iterable[str] = (), **query: str) -> AppTest:
        monkeypatch.setenv("HYPERCORE_RESULTS", str(folder))
        app = AppTest.from_string(
            f"from dashboard.site import open_page\nopen_page({path!r})", default_timeout=60
        )
        for key in opened:  # folds and lists of downloads draw nothing before
            app.session_state[key] = True
        for key, value in query.items():
            app.query_params[key] = value
        app.run()
        return app

    return run
