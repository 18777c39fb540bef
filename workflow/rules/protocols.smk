"""The protocols of others: what methods answer under presets, beside the ordinary run."""
