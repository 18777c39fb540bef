"""`manifest.json`, which says what masks in files answer; `workflow/schemas/masks.schema.json` describes it."""

VERSION = "promptseg-masks/1"
MANIFEST = "manifest.json"
