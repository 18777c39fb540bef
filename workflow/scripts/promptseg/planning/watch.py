"""Listens to Snakemake: hands the jobs of a dry run to `promptseg plan`, and keeps an eye on a run.

It is loaded whenever the rules are read, so that what it needs is imported when a run starts.
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.common import LogEvent

from promptseg.core.errors import PromptsegError

# Names the file into which a dry run writes its jobs.
PLAN = "PROMPTSEG_PLAN"


class Watch(logging.Handler):
    """A handler of Snakemake's log that acts on its events, in the main process only."""

    def __init__(self, workflow: Any, config: Mapping[str, Any], left_out: Mapping[str, str]) -> None:
        """Watch one `snakemake.workflow.Workflow`.

        Args:
            config: the checked configuration.
            left_out: datasets of the run that it goes without, with the reason.
        """
        super().__init__()
        self._workflow, self._config, self._left_out = workflow, config, left_out
        self._begun = False
        self._run: Any = None

    def emit(self, record: logging.LogRecord) -> None:
        """Act on an event of Snakemake. An error of ours must not end a run."""
        event = getattr(record, "event", None)
        if not self._workflow.is_main_process:
            return
        try:
            if not self._begun:
                if event == LogEvent.RUN_INFO or self._is_nothing(record):
                    self._begun = True
                    self._begin()
            elif self._run is None:
                return
            elif event == LogEvent.JOB_STARTED:
                self._run.started(record.__dict__["jobs"])
            elif event == LogEvent.JOB_FINISHED:
                self._run.finished(record.__dict__["job_id"])
            elif event == LogEvent.JOB_ERROR:
                self._run.failed(record.__dict__["jobid"], record.__dict__["rule_msg"])
        except (PromptsegError, OSError, KeyError, ValueError, AttributeError):
            logging.getLogger(__name__).debug("What was to be noted of %s is lost.", event, exc_info=True)

    @staticmethod
    def _is_nothing(record: logging.LogRecord) -> bool:
        from snakemake.common import NOTHING_TO_BE_DONE_MSG

        return record.msg == NOTHING_TO_BE_DONE_MSG

    def _begin(self) -> None:
        dag = self._workflow.dag
        if not self._workflow.dryrun:
            from promptseg.planning.run import Run

            self._run = Run(self._workflow, self._config)
        elif PLAN in os.environ:
            from promptseg.planning.cluster.site import goes_to_cluster
            from promptseg.planning.cluster.submissions import submissions_of
            from promptseg.planning.jobs import jobs_of, write_jobs

            there = self._workflow.resource_settings
            facts = {"config": self._config, "left_out": self._left_out, "cores": there.cores}
            if goes_to_cluster(self._workflow):
                facts |= {"at_once": there.nodes, "submissions": list(map(vars, submissions_of(dag)))}
            write_jobs(Path(os.environ[PLAN]), jobs_of(dag, self._config, params=True), **facts)
