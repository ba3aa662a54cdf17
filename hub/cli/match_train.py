"""``hub match train``: pairs of records in, a weights file for people to review out."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from hub.errors import BadRequest, ConfigurationError
from hub.matching import examples, weights_file
from hub.matching.train import Trained
from hub.matching.train import train as train_on


def train(files: Sequence[Path], out: Path) -> int:
    """Train on ``files`` together, write ``out``, and say what came of it.

    Raises:
        BadRequest, ConfigurationError: a file cannot be read, the pairs do not settle the weights, or ``out`` is there.
    """
    if out.exists():
        raise ConfigurationError(f"{out}: there is one already; give another name, so that nothing reviewed is lost.")
    trained = train_on([pair for file in files for pair in _read(file)])
    counted = (
        f"{trained.pairs} pairs, {trained.marked} of them marked by people; {trained.strangers} pairs of strangers"
    )
    text = weights_file.write(
        trained.weights, trained_on=counted, method=f"expectation-maximisation, {trained.rounds} rounds"
    )
    checked = weights_file.load(text.encode())
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise ConfigurationError(f"{out}: cannot be written ({fault.strerror}).") from None
    _say(trained, out, checked.digest)
    return 0


def _read(file: Path) -> list[examples.Example]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return examples.read(csv.reader(opened, strict=True), file.name)
    except OSError as fault:
        raise BadRequest(f"{file.name}: cannot be read ({fault.strerror}).", code="PAIRS_INVALID") from None
    except (csv.Error, UnicodeDecodeError):
        raise BadRequest(f"{file.name}: not a CSV file in UTF-8.", code="PAIRS_INVALID") from None


def _say(trained: Trained, out: Path, digest: str) -> None:
    print(f"{trained.pairs} pairs, of which {100 * trained.share:.1f} % are one child by the estimate")
    for compared, rows in trained.weights.bits.items():
        shown = ", ".join(
            f"{level.value} {bits:+.1f}" for level, bits in rows.items() if level in trained.weights.rows[compared]
        )
        print(f"  {compared.value}: {shown} bits")
    print(f"Written to {out}, sha256:{digest}. Read it, then name it in the settings as match_weights.")
