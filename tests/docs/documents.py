"""The documents of the project, and the commands that they show."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
"""Documents for users: every command in them has to work."""
DOCUMENTS = (
    *GUIDES,
    *sorted(f"docs/decisions/{path.name}" for path in (ROOT / "docs" / "decisions").glob("*.md")),
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "models/README.md",
    "training/README.md",
)
EXCERPT = "paces_live/data/demo.ogg"


def read(document: str) -> str:
    """Return the text of a document."""
    return (ROOT / document).read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of a document in one language, or in any of several such as ``console|sh``."""
    return re.findall(rf"```(?:{language})\n(.*?)```", text, re.DOTALL)


def commands(text: str) -> Iterator[str]:
    """Yield every call of paces-live in a document: in blocks, after pipes and ``&&``, and in running text.

    Running text also names commands without their arguments; these become calls for their help.
    """
    prose = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [line.removeprefix("$ ") for block in blocks(text, "console|sh") for line in block.splitlines()]
    lines += [line if " -" in line else f"{line} --help" for line in prose]
    for line in lines:
        for part in re.split(r"&&|[|;<>]", line.partition(" # ")[0]):
            words = part.split()
            while words and (words[0] == "sudo" or re.fullmatch(r"[A-Z_]+=\S*", words[0])):
                words.pop(0)
            if words and words[0].removeprefix("/opt/paces-live/bin/") == "paces-live":
                yield " ".join(["paces-live", *words[1:]])
