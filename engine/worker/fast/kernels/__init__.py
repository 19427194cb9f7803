"""Our Triton kernels: each operation in the file of the same name as its reference."""
