"""One dataset in all formats."""

import pytest

from support.exported import write_source


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    return write_source(tmp_path_factory.mktemp("run"))
