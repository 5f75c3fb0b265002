"""The REST API: one controller file per resource. No SQL, no audio."""
