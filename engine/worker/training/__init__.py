"""Training by QLoRA: the loop, the optimizer step, checkpoints."""
