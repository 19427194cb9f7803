"""The same operations in torch: what the kernels are held to, and where they cannot run."""
