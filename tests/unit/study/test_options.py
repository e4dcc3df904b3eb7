import subprocess
import sys
from pathlib import Path

import pytest

from hypercore.study import Options, StudyConfig, StudyError, choose, data_root, device_kind, load_config

DEFAULT = Path("config/config.yaml")


def test_a_study_is_chosen_by_config_or_by_configfile() -> None:
    assert choose({}, [], DEFAULT) == Options(DEFAULT)
    assert choose({"study": "a.yaml"}, [], DEFAULT) == Options(Path("a.yaml"))
    assert choose({"study": "~/a b.yaml"}, [], DEFAULT) == Options(Path.home() / "a b.yaml")
    assert choose({"confirm_large": True}, [Path("b.yaml")], DEFAULT) == Options(Path("b.yaml"), True)


@pytest.mark.parametrize(
    ("config", "files", "words"),
    [
        ({"stduy": "a"}, [], "given the unknown key 'stduy'; allowed: the keys study, confirm_large"),
        ({"alphas": [1]}, [], "given the unknown key 'alphas'"),
        ({"study": 3}, [], "given study=3; allowed: the path"),
        ({"study": None}, [], "given study=; allowed: the path"),
        ({"study": " "}, [], "given study= ; allowed: the path"),
        ({"study": "~nobody-of-this-name/a.yaml"}, [], "~nobody-of-this-name/a.yaml; allowed: ~NAME only"),
        ({"confirm_large": 2}, [], "given confirm_large=2; allowed: true or false"),
        ({"study": "a"}, [Path("b")], r"given 2 studies \(b, a\); allowed: one study a run"),
        ({}, [Path("a"), Path("b")], r"given 2 studies \(a, b\); allowed: one study a run"),
    ],
)
def test_other_options_are_refused(config: dict[str, object], files: list[Path], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        choose(config, files, DEFAULT)


def test_data_root_comes_from_the_config_then_the_environment_then_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("name: a\ndatasets: digits\nstacks: SGD\n")
    study, _ = load_config(path)
    monkeypatch.delenv("HYPERCORE_DATA", raising=False)
    assert data_root(study) == Path.home() / ".cache/hypercore"
    monkeypatch.setenv("HYPERCORE_DATA", "/elsewhere")
    assert data_root(study) == Path("/elsewhere")
    path.write_text("name: a\ndatasets: digits\nstacks: SGD\ndata_root: ~/here\n")
    assert data_root(load_config(path)[0]) == Path.home() / "here"


def test_device_kind_of_a_given_device() -> None:
    assert [device_kind(device) for device in ("cpu", "cuda", "cuda:3")] == ["cpu", "cuda", "cuda"]
    assert device_kind("auto") in ("cpu", "cuda")


def test_every_key_says_what_it_allows() -> None:
    for name, field in StudyConfig.model_fields.items():
        assert field.description, name


def test_studies_import_neither_torch_nor_pandas() -> None:
    code = "import hypercore.study, sys; sys.exit(bool({'torch', 'pandas', 'pyarrow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
