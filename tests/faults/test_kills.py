"""The short version of `make fault-test`: a run that is killed three times, and completed."""

import shutil

from faults.frame import TABLES, assert_undisturbed
from faults.kills import a_job_dies, all_processes_die, main_process_dies


def test_a_run_that_is_killed_three_times_is_completed_by_the_next_start(finished, tmp_path):
    project = finished.clone(tmp_path / "project")
    for part in ("predictions", "scores", "tables"):
        shutil.rmtree(project.path / "results" / part)
    for kill in (all_processes_die, main_process_dies, a_job_dies):
        assert kill(project).returncode != 0
    project.run(*TABLES)
    assert_undisturbed(project, finished)
