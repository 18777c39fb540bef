"""How long a set of jobs takes on so many cores."""

import bisect
import heapq
from collections.abc import Mapping, Sequence

from promptseg.planning.jobs import Job


def duration(
    jobs: Sequence[Job],
    seconds: Mapping[int, float],
    cores: int,
    gpus: int = 1,
    left: Mapping[int, float] | None = None,
) -> float:
    """Seconds until the last job ends, if each starts as soon as its inputs and its cores are there.

    Args:
        seconds: of each job that is not done, by number.
        gpus: how many jobs may hold a GPU at a time.
        left: seconds that are left of the jobs that run now.
    """
    left = left or {}
    open_jobs = {job.number: job for job in jobs if job.number in seconds and job.number not in left}
    running = [(rest, number) for number, rest in left.items()]
    by_number = {job.number: job for job in jobs}
    waits = {number: sum(need in seconds for need in job.needs) for number, job in open_jobs.items()}
    users: dict[int, list[int]] = {}
    for number, job in open_jobs.items():
        for need in job.needs:
            users.setdefault(need, []).append(number)
    ready = sorted((number for number, count in waits.items() if count == 0), key=lambda one: -seconds[one])
    free = cores - sum(min(by_number[number].threads, cores) for _, number in running)
    free_gpus = gpus - sum(min(by_number[number].gpu, gpus) for _, number in running)
    heapq.heapify(running)
    now = 0.0
    while ready or running:
        waiting = []
        for number in ready:  # the longest first
            job = open_jobs[number]
            threads, gpu = min(job.threads, cores), min(job.gpu, gpus)
            if threads <= free and gpu <= free_gpus:
                free, free_gpus = free - threads, free_gpus - gpu
                heapq.heappush(running, (now + seconds[number], number))
            else:
                waiting.append(number)
        ready = waiting
        if not running:  # what runs now already holds more than there is
            return now + sum(seconds[number] for number in ready)
        now, number = heapq.heappop(running)
        job = by_number[number]
        free, free_gpus = free + min(job.threads, cores), free_gpus + min(job.gpu, gpus)
        for user in users.get(number, ()):
            waits[user] -= 1
            if waits[user] == 0:
                bisect.insort(ready, user, key=lambda one: -seconds[one])
    return now
