"""The signed log's formats: entry bytes, Merkle tree, signed notes, proofs and the offline verifier. Pure."""
