"""The Python indexes that are asked, as one frozen object, and the same for the `uv` program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PIP_STRATEGY = "unsafe-best-match"  # uv's name for what pip does: all indexes count alike


@dataclass(frozen=True)
class Indexes:
    """Where wheels come from; URLs may carry credentials and so are left out of the repr.

    `index_url` is empty where the user wants no index but `find_links`; those are URLs or absolute paths.
    `timeout` is in seconds.
    """

    index_url: str = field(repr=False)
    extra_index_urls: tuple[str, ...] = field(default=(), repr=False)
    find_links: tuple[str, ...] = field(default=(), repr=False)
    cert: Path | None = None
    client_cert: Path | None = None
    proxy: str = field(default="", repr=False)
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = 30.0
    strategy: str = ""  # uv's --index-strategy; "" leaves it to uv
    source: str = "the default index"

    @property
    def urls(self) -> tuple[str, ...]:
        """Every index, the default one last."""
        return (*self.extra_index_urls, *((self.index_url,) if self.index_url else ()))


def uv_environment(indexes: Indexes) -> dict[str, str]:
    """Return the variables that make uv use these indexes, to be laid over the caller's environment.

    Source: uv's reference of environment variables.
    """
    chosen = {
        "UV_DEFAULT_INDEX": indexes.index_url,
        "UV_INDEX": " ".join(indexes.extra_index_urls) if indexes.index_url else "",
        "UV_FIND_LINKS": ",".join(indexes.find_links),
        "UV_NO_INDEX": "" if indexes.index_url else "1",
        "UV_INDEX_STRATEGY": indexes.strategy,
        "UV_INSECURE_HOST": " ".join(indexes.trusted_hosts),
        "UV_HTTP_TIMEOUT": f"{indexes.timeout:.0f}",
        "SSL_CERT_FILE": str(indexes.cert or ""),
        "SSL_CLIENT_CERT": str(indexes.client_cert or ""),
        "HTTP_PROXY": indexes.proxy,
        "HTTPS_PROXY": indexes.proxy,
    }
    return {name: value for name, value in chosen.items() if value}
