"""The one kind of error that a user is expected to read."""


class PromptsegError(Exception):
    """Something the user can fix.

    The message says what was wrong, in which file or key, and what to do about it. Job scripts print it alone,
    without a traceback; any other exception is a defect of promptseg and keeps its traceback.
    """
