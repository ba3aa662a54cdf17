"""How fast the hub is, and where its time goes. `python -m benchmarks`; `docs/performance.md` says how to read it."""
