"""What a person reads: the page of a run, its tables, the catalogue of datasets."""
