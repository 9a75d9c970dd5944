"""`airlock licenses`: under which licences the image's packages are, and whether the project accepts them."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING

import click

from airlock.terminal import aligned, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airlock.cli import Session
    from airlock.config import Config
    from airlock.papers.inventory import Package

EPILOG = """\b
Examples:
  airlock licenses                    every package, its licence, and where that was read
  airlock licenses --summary          how many packages are under each licence
  airlock licenses --csv >licenses.csv
  airlock licenses --json | jq '.packages[] | select(.clarity != "spdx") | .name'

\b
[tool.airlock] licenses-denied = ["AGPL-*"] refuses licences: exit code 24 where a
package cannot be had without one. licenses-known = ["NAME: MIT"] settles what a
package leaves unclear.
"""
_WIDTH = 50  # characters of the licences in the table; the other forms have them whole
_FORMULA = ("=", "+", "-", "@")  # what a spreadsheet would compute


@click.command("licenses", epilog=EPILOG)
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="OS/ARCH",
    help="Of the packages for this platform (repeatable).",
)
@click.option("--summary", is_flag=True, help="Print how many packages are under each licence.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values, for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def command(
    session: Session, *, platforms: tuple[str, ...], summary: bool, as_csv: bool, as_json: bool
) -> int:
    """List the licences of all packages of the locks and of the project's distributions.

    They are what the packages declare: License-Expression, classifiers and License of Python distributions, the
    copyright files of Debian packages. A licence is given as an SPDX expression where that is certain, else by
    the name that the package gives. Needs the sealed store, but no composed image.
    """
    from airlock.papers import policy  # noqa: PLC0415 - heavy imports, after --help

    if summary + as_csv + as_json > 1:
        raise click.UsageError("of --summary, --csv and --json only one can be had: the last has everything")
    config = session.config_for(platforms)
    rules = policy.load(config)
    packages = [rules.answered(one) for one in _packages(session, config)]
    refused = [(one, terms) for one in packages if (terms := rules.refused(one))]
    if as_json:
        click.echo(json.dumps(_document(packages, [one for one, _ in refused])))
    elif as_csv:
        click.echo(_csv(packages), nl=False)
    elif summary:
        rows = [["packages", "licence"], *([str(n), name] for name, n in _by_license(packages))]
        click.echo("\n".join(aligned(rows)))
    else:
        rows = [["package", "version", "licence", "read from"], *map(_row, packages)]
        click.echo("\n".join(aligned(rows)))
    session.terminal.say(_clarity(packages))
    for name in rules.idle(packages):
        session.terminal.say(f"licenses-known answers for {name}, which is not in the image")
    policy.require_accepted(refused)
    return 0


def _packages(session: Session, config: Config) -> list[Package]:
    """Return the packages of all platforms, each once."""
    from airlock.cache import Cache  # noqa: PLC0415 - as above
    from airlock.locks.staleness import require_current  # noqa: PLC0415
    from airlock.papers import inventory, published, python  # noqa: PLC0415
    from airlock.papers.reading import Reader  # noqa: PLC0415
    from airlock.store import Store  # noqa: PLC0415
    from airlock.wheels import source  # noqa: PLC0415

    cache = Cache(session.places.cache)
    airflow, debian = require_current(config)
    built = [source.wheel(source.describe(folder), cache) for folder in config.distributions]
    own = [python.unpacked(name, content)[0] for name, content in built]
    known = published.packages(config)
    reader = Reader(Store(session.places.store), cache, session.terminal, known)
    taken = [inventory.take(airflow, debian, platform, own, reader) for platform in config.platforms]
    each = {
        (one.ecosystem, one.name, one.version, one.licenses): one for all_ in taken for one in all_.packages
    }
    return list(each.values())


def _row(package: Package) -> list[str]:
    terms, origin = package.licenses.terms, package.licenses.origin
    if not terms:
        return [package.name, package.version, "unknown", f"see {origin}" if origin else "nothing says"]
    return [
        package.name,
        package.version,
        shortened(", ".join(terms), _WIDTH),
        origin,
    ]


def _by_license(packages: Sequence[Package]) -> list[tuple[str, int]]:
    """Count the packages under each licence, the most frequent first; one may be under several."""
    counts = Counter(term for one in packages for term in one.licenses.terms or ("unknown",))
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _clarity(packages: Sequence[Package]) -> str:
    counts = Counter(str(one.licenses.clarity) for one in packages)
    unknown = [one.name for one in packages if not one.licenses.terms]
    named = f": {', '.join(unknown)}" if unknown else ""
    return (
        f"{len(packages)} packages: {counts['spdx']} under SPDX licences, "
        f"{counts['named']} with a name that SPDX does not settle, {counts['unknown']} unknown{named}"
    )


def _document(packages: Sequence[Package], refused: Sequence[Package]) -> Mapping[str, object]:
    counts = Counter(str(one.licenses.clarity) for one in packages)
    return {
        "packages": [
            {
                "ecosystem": str(one.ecosystem),
                "name": one.name,
                "version": one.version,
                "purl": one.purl,
                "licenses": list(one.licenses.terms),
                "expression": one.licenses.expression,
                "clarity": str(one.licenses.clarity),
                "origin": one.licenses.origin,
                "denied": one in refused,
            }
            for one in packages
        ],
        "summary": dict(_by_license(packages)),
        "clarity": {name: counts[name] for name in ("spdx", "named", "unknown")},
    }


def _csv(packages: Sequence[Package]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["ecosystem", "package", "version", "licences", "clarity", "read from"])
    writer.writerows(map(_cells, packages))
    return stream.getvalue()


def _cells(package: Package) -> Iterator[str]:
    licenses = package.licenses
    cells = (
        str(package.ecosystem),
        package.name,
        package.version,
        "; ".join(licenses.terms),
        str(licenses.clarity),
        licenses.origin,
    )
    return (f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
