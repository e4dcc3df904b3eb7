"""Start with ``streamlit run dashboard/app.py``."""

import sys
from pathlib import Path

# Streamlit puts this file's folder on the path; the packages lie one above.
ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from dashboard.site import run  # noqa: E402 (after the path)

run()
