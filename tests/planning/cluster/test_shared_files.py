"""Where a run would not find its files, it is refused."""

from types import SimpleNamespace

import pytest
from snakemake_interface_executor_plugins.settings import SharedFSUsage

from promptseg.core.errors import PromptsegError
from promptseg.planning.cluster.shared_files import require_shared_files


def workflow(provider=None, lacks=(), nodes=None, cores=8):
    storage = SimpleNamespace(default_storage_provider=provider, shared_fs_usage=SharedFSUsage.all() - set(lacks))
    resources = SimpleNamespace(nodes=nodes, cores=cores)
    return SimpleNamespace(storage_settings=storage, resource_settings=resources, is_main_process=True)


CLUSTER = {"nodes": 100, "cores": None}


@pytest.mark.parametrize("where", [{}, CLUSTER])
def test_a_default_storage_is_refused(where):
    with pytest.raises(PromptsegError, match=r"--default-storage-provider s3: .*docs/storage\.md"):
        require_shared_files(workflow("s3", **where))


def test_jobs_elsewhere_need_a_shared_file_system():
    lacks = [SharedFSUsage.INPUT_OUTPUT, SharedFSUsage.SOURCES]
    with pytest.raises(PromptsegError, match="--shared-fs-usage lacks input-output, sources: all jobs need"):
        require_shared_files(workflow(lacks=lacks, **CLUSTER))
    with pytest.raises(PromptsegError, match="lacks persistence:"):
        require_shared_files(workflow(lacks=[SharedFSUsage.PERSISTENCE], **CLUSTER))


def test_what_jobs_elsewhere_can_do_without():
    require_shared_files(workflow(lacks=[SharedFSUsage.SOFTWARE_DEPLOYMENT, SharedFSUsage.SOURCE_CACHE], **CLUSTER))
    require_shared_files(workflow(**CLUSTER))


def test_on_one_machine_nothing_has_to_be_shared():
    require_shared_files(workflow(lacks=SharedFSUsage.all()))
