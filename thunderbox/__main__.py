"""`python -m thunderbox` is `thunderbox`."""

from thunderbox.cli.main import main

main()
