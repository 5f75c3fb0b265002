"""The `thunderbox` command: one file per group of commands, put together in main.py."""
