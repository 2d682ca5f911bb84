"""The parts of documents: what a report says of a law, its sizes, its derivation, its kernels, its verdicts."""
