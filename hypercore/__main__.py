"""``python -m hypercore``: the command line."""

import sys

from hypercore.cli.main import main

sys.exit(main())
