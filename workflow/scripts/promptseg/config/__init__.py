"""What the configuration says: checked, filled with defaults, and asked by the rules."""
