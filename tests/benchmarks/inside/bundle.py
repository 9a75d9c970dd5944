"""Does to a DAG bundle what a component of Airflow does, in one process: `initialize` or `refresh`, as stdin says.

Arguments: the class, and what it is made with as JSON. Answers each line with seconds, the processor's seconds, and
a digest of the files that are there then.
"""

import hashlib
import importlib
import json
import os
import sys
import time
from pathlib import Path

answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what Airflow logs


def main() -> None:
    module, _, name = sys.argv[1].rpartition(".")
    bundle = getattr(importlib.import_module(module), name)(**json.loads(sys.argv[2]))
    answer({})
    for line in sys.stdin:
        start, busy = time.perf_counter(), time.process_time()
        getattr(bundle, line.strip())()
        spent = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - busy}
        answer({**spent, "digest": digest(Path(bundle.path))})


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        found.update(f"{path.relative_to(folder)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def answer(document: dict[str, object]) -> None:
    answers.write(json.dumps(document) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
