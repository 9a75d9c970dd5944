"""`python -m airlock`: the console script by another name."""

from airlock.cli import main

try:
    main()
finally:
    # Where Ctrl-C comes while a dataclass is made, which compiles text, Python remembers it as unhandled, whoever
    # handled it, and ends `-m` by the signal instead of our exit code; to run another text makes it forget.
    exec("")  # noqa: S102
