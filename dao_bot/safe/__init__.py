"""The Safe: hashes, batches, signatures, queues and routes."""
