"""The ground that every stage stands on: files, tables, masks, errors, randomness, progress, provenance."""
