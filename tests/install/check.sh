#!/usr/bin/env bash
# What a stranger gets: the wheel, installed without and with each extra into an environment of its own, away from
# the checkout, does what that extra is for. Versions are those of requirements.lock.
set -euo pipefail
checkout=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/build"
"$work/build/bin/python" -m pip wheel --quiet --no-deps --wheel-dir "$work" "$checkout"
wheel=$(echo "$work"/*.whl)

# Makes an environment with the wheel and an extra, and goes to an empty folder.
fresh() {
  echo "== hypercore${1:+[$1]}"
  cd "$work"
  rm -rf venv folder
  "$python" -m venv "$work/venv"
  "$work/venv/bin/python" -m pip install --quiet --constraint "$checkout/requirements.lock" "$wheel${1:+[$1]}"
  mkdir "$work/folder"
  cd "$work/folder"
  site=$("$work/venv/bin/python" -c 'import pathlib, hypercore; print(pathlib.Path(hypercore.__file__).parents[1])')
}

fresh ""
"$work/venv/bin/python" - <<'PYTHON'
import torch

from hypercore.optim import Stack

module = torch.nn.Linear(2, 1)
before = module.weight.clone()
optimizer = Stack(module.parameters(), "SGD(0.1) / SGD(0.01)")
module(torch.ones(3, 2)).square().mean().backward()
optimizer.step()
assert not torch.equal(module.weight, before)
PYTHON

for extra in ${EXTRAS:-study dashboard}; do
  fresh "$extra"
  if [ "$extra" = study ]; then
    cat >study.yaml <<'YAML'
{name: tiny, datasets: [digits], epochs: 1, seeds: 1, device: cpu, stacks: [{stack: SGD / SGD, alphas: [0.1]}]}
YAML
    "$work/venv/bin/snakemake" --quiet all --cores 1 --snakefile "$site/hypercore/checkout/Snakefile" \
      --config study=study.yaml
    test -s results/tiny/report.html
  else
    HYPERCORE_RESULTS="$checkout/results" "$work/venv/bin/python" - <<'PYTHON'
from streamlit.testing.v1 import AppTest

from dashboard.site import PAGES

for page in PAGES:
    app = AppTest.from_string(f"from dashboard.site import open_page\nopen_page({page.path!r})", default_timeout=120)
    app.run()
    assert not app.exception, (page.path, app.exception)
    assert len(app.main.children) > 3, page.path
PYTHON
  fi
done
echo "Each extra works alone."
