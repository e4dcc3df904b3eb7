"""What bits and speed depend on here: GPUs, compiler, processor, locks. Asking it imports no torch."""
