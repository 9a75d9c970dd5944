"""What the toolchain and the image agree on; standard library only, imports neither of them."""
