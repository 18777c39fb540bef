"""Training of small promptable networks on generated images: what the quickstart runs in place of published weights."""
