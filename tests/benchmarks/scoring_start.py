"""CPU seconds until a scoring job can start, and what they would be with monai.metrics.

PYTHONPATH=workflow/scripts python tests/benchmarks/scoring_start.py
"""

import statistics
import subprocess
import sys

MEASURE = "import time; {body}; print(time.process_time())"
BODIES = {
    "with monai": "import promptseg.score.scoring, monai.metrics",
    "as it is": "import promptseg.score.scoring",
}


def seconds(body: str, runs: int = 5) -> float:
    """Median CPU seconds of a fresh process."""
    command = [sys.executable, "-W", "ignore", "-c", MEASURE.format(body=body)]
    outputs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(runs)]
    return statistics.median(float(output.split()[-1]) for output in outputs)


if __name__ == "__main__":
    measured = {name: seconds(body) for name, body in BODIES.items()}
    for name, value in measured.items():
        print(f"{name:10} {value:5.2f} s")
    print(f"ratio      {measured['with monai'] / measured['as it is']:5.2f}")
