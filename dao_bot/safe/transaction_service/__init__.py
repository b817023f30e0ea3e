"""The Safe transaction service, hosted or one's own, as an owners' queue. Verified against version 6.10.1."""
