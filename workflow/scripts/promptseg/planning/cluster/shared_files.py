"""Where the files of a run lie: in folders that all its jobs see."""

from typing import Any

from snakemake.settings.types import SharedFSUsage

from promptseg.core.errors import PromptsegError
from promptseg.planning.cluster.site import goes_to_cluster

# What jobs on other machines find where the main process has it.
_NEEDED = (SharedFSUsage.INPUT_OUTPUT, SharedFSUsage.PERSISTENCE, SharedFSUsage.SOURCES)


def require_shared_files(workflow: Any) -> None:
    """Refuse settings of a `snakemake.workflow.Workflow` under which its jobs would not find their files.

    A default storage would hold every input and output, the library's files among them, which are inputs, and lose what
    lies beside an output: answers that are kept, records, the explorer's data.

    Raises:
        PromptsegError: there is a default storage, or jobs run elsewhere and share no files with this machine.
    """
    settings = workflow.storage_settings
    if settings.default_storage_provider:
        raise PromptsegError(
            f"--default-storage-provider {settings.default_storage_provider}: the files of a run lie in folders. Name "
            "folders of a mounted bucket by `results` and `shared`, or copy the finished results: docs/storage.md."
        )
    lacking = [one.item_to_choice() for one in _NEEDED if one not in settings.shared_fs_usage]
    if lacking and goes_to_cluster(workflow):
        raise PromptsegError(
            f"--shared-fs-usage lacks {', '.join(lacking)}: all jobs need the folder of the project, `results` and "
            "`shared` on a file system that every node sees: docs/storage.md."
        )
