"""An OCI registry (distribution specification 1.1): what images are pushed to and read from."""
