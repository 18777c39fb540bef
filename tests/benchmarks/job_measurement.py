"""What it costs to measure a job: one sample as Snakemake's `benchmark:` takes it, and our own measurement.

PYTHONPATH=workflow/scripts python tests/benchmarks/job_measurement.py
"""

import resource
import subprocess
import sys
from collections.abc import Callable

import psutil

from promptseg.core.jobs import measured

JOB = "import torch, cv2, pandas, pyarrow; x = torch.ones(50_000_000); print(flush=True); import sys; sys.stdin.read()"


def cpu_ms(work: Callable[[], object], repeats: int = 50) -> float:
    """CPU time of a call in ms, the system's share included."""

    def now() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    start = now()
    for _ in range(repeats):
        work()
    return (now() - start) / repeats * 1000


def main() -> None:
    """Print both, for a job that has imported PyTorch and holds 200 MB."""
    with subprocess.Popen([sys.executable, "-c", JOB], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as job:
        assert job.stdin
        assert job.stdout
        job.stdout.readline()
        process = psutil.Process(job.pid)
        mappings = len(process.memory_maps(grouped=False))
        print(
            f"a sample of `benchmark:`, twice a second: {cpu_ms(process.memory_full_info):.2f} ms, {mappings} mappings"
        )
        job.stdin.close()
    print(f"our measurement, once per job: {cpu_ms(measured):.2f} ms")


if __name__ == "__main__":
    main()
