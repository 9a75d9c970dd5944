"""Documents of the outbox."""

from __future__ import annotations

import functools

from airlock_spec import document

FORMAT = "airlock-outbox/1"

dump = functools.partial(document.dump, FORMAT)
load = functools.partial(document.load, FORMAT)
