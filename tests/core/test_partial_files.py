"""What killed processes leave beside the files that they write, and when it may go."""

import os
import platform
import subprocess
import sys
import time

from promptseg.core import partial_files
from promptseg.core.partial_files import partial_folder, remove_dead

HERE = platform.node()


def left(folder, host, process, hours=0.0):
    """A folder of unfinished files, last touched some hours ago; its name."""
    path = folder / f".partial-{host}.{process}.abcdefgh"
    (path / "deep").mkdir(parents=True)
    (path / "deep" / "half.txt").write_text("half")
    for one in (path / "deep" / "half.txt", path / "deep", path):
        os.utime(one, (time.time() - hours * 3600,) * 2)
    return path.name


def dead_process():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_what_a_dead_process_left_goes_where_the_next_file_is_written(tmp_path):
    left(tmp_path, HERE, dead_process())
    living = left(tmp_path, HERE, os.getppid())
    with partial_folder(tmp_path) as mine:
        assert mine.name.startswith(f".partial-{HERE}.{os.getpid()}.")
        assert names(tmp_path) == {living, mine.name}
    assert names(tmp_path) == {living}


def test_that_of_another_machine_goes_after_a_day_without_a_change(tmp_path):
    left(tmp_path, "node7.example.org", dead_process(), hours=25)
    recent = left(tmp_path, "node7.example.org", dead_process(), hours=23)
    changed = left(tmp_path, "node8", dead_process(), hours=25)
    (tmp_path / changed / "deep" / "half.txt").write_text("more")
    assert remove_dead(tmp_path) == 1
    assert names(tmp_path) == {recent, changed}


def test_a_run_removes_what_is_left_in_its_folders(tmp_path):
    said = []
    places = ["predictions/sam", "users/me/predictions/sam", "raw/mine", "raw/archives", "."]
    data = tmp_path / "raw" / "mine" / "data"
    for place in places:
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        left(tmp_path / place, HERE, dead_process())
    data.mkdir()
    unpacked = left(data, HERE, dead_process())  # data of others may be very many files: nothing looks into them
    partial_files.at_start([str(tmp_path)], said.append, dryrun=True)
    assert said == []
    partial_files.at_start([str(tmp_path), str(tmp_path)], said.append, dryrun=False)
    assert said == ["Unfinished files of processes that were killed are removed: 5."]
    assert [path.name for path in tmp_path.rglob(".partial-*")] == [unpacked]
