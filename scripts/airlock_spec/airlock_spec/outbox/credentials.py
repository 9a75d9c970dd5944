"""What must not be written into a bucket: credentials, as far as a name or a form gives them away."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMES = re.compile(
    r"authori[sz]ation|cookie|api[-_]?key|passw(or)?d|passphrase|secret|credential|signature|jwt|token$"
    r"|(^|[-_])(auth|sig|key|pass|pwd|sid|session[-_]?id)$|access[-_]?key",
    re.IGNORECASE,
)
# Values that no one writes but as a credential, wherever they stand.
FORMS = re.compile(
    r"\b(Bearer|Basic|Token|Digest|Negotiate)\s+[A-Za-z0-9+/=._~-]{8,}"
    r"|\b(AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS access keys
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\."  # a JSON web token
    r"|\b(gh[pousr]_|github_pat_|xox[abpr]-|sk_live_|glpat-)[A-Za-z0-9_-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
# Names that end like those of credentials, and of which a URL full is no secret: pages, positions, sorting.
HARMLESS = re.compile(
    r"idempotency-key|(sort|partition|order|page|next|continuation|sync|cursor)[-_]?(key|token)",
    re.IGNORECASE,
)


def literal_credentials(url: str, headers: Mapping[str, object]) -> Iterator[str]:
    """Say of a URL and of headers which of them look like credentials.

    Of a header that names a secret, `prefix` is what stands there literally. A body is not looked at by this: only
    its sender knows what is a secret in it.
    """
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        yield "the URL holds a user or password before its host"
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if gives_away(name) or FORMS.search(value):
            yield f"the URL's parameter {name} looks like a credential"
    if FORMS.search(parts.path):
        yield "the URL's path looks like a credential"
    for name, given in headers.items():
        literal = isinstance(given, str)
        text = str(given) if literal else str(getattr(given, "prefix", ""))
        if (literal and gives_away(name)) or FORMS.search(text):
            yield f'header {name} looks like a credential: name it instead, as {{"secret": "NAME"}}'


def gives_away(name: str) -> bool:
    """Tell whether a header or parameter of this name usually holds a credential."""
    return not HARMLESS.fullmatch(name) and NAMES.search(name) is not None
