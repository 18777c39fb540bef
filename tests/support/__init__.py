"""What several tests share: projects, servers, miniatures of datasets, synthetic tables."""
