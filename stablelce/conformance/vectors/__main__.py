"""``python -m stablelce.conformance.vectors`` makes the vectors that ship, and their schema, anew."""

from __future__ import annotations

from stablelce.conformance.vectors.files import main

if __name__ == "__main__":
    main()
