"""What every job script does around its work: log to the rule's log file, and end with one clear error."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from promptseg.core.errors import PromptsegError

logger = logging.getLogger(__name__)

LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"


@contextmanager
def job(snakemake: Any) -> Iterator[None]:
    """Log to the rule's log and to stderr; a `PromptsegError` is printed without a traceback and ends the job."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if snakemake.log:
        handlers.append(logging.FileHandler(snakemake.log[0], mode="w"))
    logging.basicConfig(level=logging.INFO, format=LOG_FORMAT, handlers=handlers, force=True)
    logging.captureWarnings(True)
    try:
        yield
    except PromptsegError as error:
        logger.error("%s: %s", snakemake.rule, error)
        sys.exit(1)
    except Exception:
        logger.exception("%s failed", snakemake.rule)
        sys.exit(1)
