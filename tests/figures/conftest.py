"""Files that several figures are drawn from."""

import pytest

from promptseg.analysis.statistics import STATISTICS, statistics
from promptseg.analysis.sums import patient_sums
from promptseg.core.tables import write_csv
from promptseg.figures import pictures, style
from support import synthetic


@pytest.fixture(scope="session")
def statistics_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "statistics.csv"
    rows = [
        row
        for method in synthetic.METHODS
        for dataset in ("brain_tumour", "breast_us")
        for row in synthetic.rows_of(dataset, method, 1)
    ]
    write_csv(path, statistics(patient_sums(rows), 50).assign(provenance=""), STATISTICS)
    return path


@pytest.fixture(scope="session")
def shapes(tmp_path_factory):
    """Three images with four kinds of objects, and results of three methods (never changed)."""
    return pictures.Files(**synthetic.write_examples(tmp_path_factory.mktemp("examples")))


@pytest.fixture
def narrow():
    """Figures in one column of a paper."""
    style.configure(85)
    yield
    style.configure(183)
