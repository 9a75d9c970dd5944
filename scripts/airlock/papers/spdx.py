"""Licences under the names of SPDX, where that is certain; a name that could mean several stays as it was given."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from cyclonedx.spdx import is_supported_id
from license_expression import AND, ExpressionError, Licensing, get_spdx_licensing

from airlock.errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LONGEST = 80  # characters of a name; some write the whole text where a name is asked for
# the last two where brackets and operators are out of place
_MALFORMED = (ExpressionError, AssertionError, IndexError)
_LONGEST_EXPRESSION = 500  # characters; deeper brackets than these can hold would exhaust the parser's stack
_NAMES = {  # as people write them; what could be several (BSD, Apache Software License) is not here
    "0bsd": "0BSD",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license v2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "2-clause bsd license": "BSD-2-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "mit license": "MIT",
    "the mit license": "MIT",
    "the mit license (mit)": "MIT",
    "mozilla public license 2.0": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "the unlicense": "Unlicense",
}
# those that could mean several (PEP 639 lists them) are not here
_CLASSIFIERS = {
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Universal Permissive License (UPL)": "UPL-1.0",
    "zlib/libpng License": "Zlib",
}
# Short names of machine-readable copyright files (Debian's copyright format 1.0, 7.1)
_GNU = re.compile(r"(A?GPL|LGPL|GFDL(?:-NIV)?)-(\d+)(?:\.(\d+))?(\+?)", re.IGNORECASE)
_DEBIAN = {
    "artistic": "Artistic-1.0",
    "expat": "MIT",
    "perl": "Artistic-1.0 OR GPL-1.0-or-later",
}


@cache
def _licensing() -> Licensing:
    made = get_spdx_licensing()
    made.parse("MIT")  # builds what all parsing goes by, at which two threads must not be
    return made


def _known(key: str) -> bool:
    return is_supported_id(key) or key.startswith("LicenseRef-")


def expression(text: str) -> str | None:
    """Return an SPDX expression in its canonical spelling; None where the text is none."""
    if len(text) > _LONGEST_EXPRESSION:
        return None
    try:
        parsed = _licensing().parse(text, strict=True)
    except _MALFORMED:
        return None
    if parsed is None or not all(_known(key) for key in _licensing().license_keys(parsed)):
        return None
    return str(parsed.render("{symbol.key}"))


def all_of(terms: Sequence[str]) -> str | None:
    """Return the expression that says that all terms apply; None where one is no SPDX expression, or there is none."""
    known = [expression(term) for term in terms]
    if not known or None in known:
        return None
    return expression(" AND ".join(f"({one})" for one in known))


def named(text: str) -> str | None:
    """Return what a licence's name, as people write it, certainly means in SPDX."""
    shown = name(text)
    return _NAMES.get(shown.casefold()) or expression(shown)


def classifier(text: str) -> str | None:
    """Return what a trove classifier's last part certainly means in SPDX."""
    return _CLASSIFIERS.get(text)


def debian(text: str) -> list[str]:
    """Return the licences that a Debian copyright file's `License` names, all of which apply.

    Each is an SPDX expression where it certainly means that, else the name as it is given. As in SPDX, `and` binds
    more than `or`, but for one behind a comma (copyright format 1.0, 7.2).
    """
    groups = re.split(r"\s*,\s+and\s+", text.strip(), flags=re.IGNORECASE)
    return [term for group in groups for term in _terms(group)]


def _terms(group: str) -> list[str]:
    words = re.split(r"\s+(and|or)\s+", group, flags=re.IGNORECASE)
    names, operators = words[::2], [word.upper() for word in words[1::2]]
    known = [_debian_name(one) for one in names]
    if "OR" not in operators:
        return [certain or name(given) for certain, given in zip(known, names, strict=True)]
    if None in known:
        return [name(group)]
    given = (f"({one})" for one in known)
    whole = " ".join(word for pair in zip(given, [*operators, ""], strict=True) for word in pair)
    return [expression(whole.strip()) or name(group)]


def _debian_name(text: str) -> str | None:
    if found := _GNU.fullmatch(text):
        family, major, minor, plus = found.groups()
        invariants = "-no-invariants" if family.upper() == "GFDL-NIV" else ""
        later = "or-later" if plus else "only"
        return f"{family.upper().removesuffix('-NIV')}-{major}.{minor or 0}{invariants}-{later}"
    return _DEBIAN.get(text.casefold()) or expression(text)


def name(text: str) -> str:
    """Return the first line of what is given as a licence's name: 80 characters at most, safe for a terminal."""
    lines = [line for line in text.splitlines() if line.strip()]
    shown = printable(" ".join(lines[0].split())) if lines else ""
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def must_accept(term: str, refused: Callable[[str], bool]) -> bool:
    """Whether nobody can use what is under a term without a licence that is refused.

    `A OR B` leaves the choice, `A AND B` does not; a name that is no SPDX expression is taken as it is.
    """
    if expression(term) is None:
        return refused(term)
    return _refused(_licensing().parse(term), refused)


def _refused(parsed: object, refused: Callable[[str], bool]) -> bool:
    parts = getattr(parsed, "args", ())  # a licence, with its exception, has none
    if not parts:
        return refused(str(parsed))
    each = [_refused(one, refused) for one in parts]
    return any(each) if isinstance(parsed, AND) else all(each)
