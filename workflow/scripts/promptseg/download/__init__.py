"""From an address to files on the disk, checked against their checksums."""
