"""What can be proven: the native codec, digests, DSSE signatures. PyNaCl here alone."""
