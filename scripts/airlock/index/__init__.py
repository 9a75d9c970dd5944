"""Where packages come from: the configuration of pip and uv, and downloads checked by hash."""
