"""``python -m tests.bench.one NAME``: one measurement, as JSON."""

import json
import sys
from dataclasses import asdict

from tests.bench.figures import all_benches

if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(figure) for figure in all_benches()[sys.argv[1]]()]))
