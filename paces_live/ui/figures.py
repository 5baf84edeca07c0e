"""Large figures made of block characters, readable from two metres."""

GLYPHS = {
    "0": (".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."),
    "1": ("..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."),
    "2": (".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"),
    "3": (".###.", "#...#", "....#", "..##.", "....#", "#...#", ".###."),
    "4": ("...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."),
    "5": ("#####", "#....", "####.", "....#", "....#", "#...#", ".###."),
    "6": ("..##.", ".#...", "#....", "####.", "#...#", "#...#", ".###."),
    "7": ("#####", "....#", "...#.", "...#.", "..#..", "..#..", "..#.."),
    "8": (".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."),
    "9": (".###.", "#...#", "#...#", ".####", "....#", "...#.", ".##.."),
    "-": (".....", ".....", ".....", ".###.", ".....", ".....", "....."),
    " ": (".....", ".....", ".....", ".....", ".....", ".....", "....."),
}
COLUMNS, ROWS = 5, 7
HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def size(characters: int, scale: int) -> tuple[int, int]:
    """Return the width and height, in cells, of so many figures."""
    return (characters * COLUMNS + characters - 1) * scale, -(-ROWS * scale // 2)


def large(text: str, scale: int) -> list[str]:
    """Draw `text`, of digits, dashes and spaces, as lines of equal width.

    A dot of a figure is `scale` cells wide and half as many lines high, which makes it a square on most terminals.
    """
    dots = [".".join(GLYPHS[character][row] for character in text) for row in range(ROWS)]
    halves = ["".join(dot * scale for dot in row) for row in dots for _ in range(scale)]
    if len(halves) % 2:
        halves.append("." * len(halves[0]))
    pairs = zip(halves[::2], halves[1::2], strict=True)
    return ["".join(HALVES[upper == "#", lower == "#"] for upper, lower in zip(*pair, strict=True)) for pair in pairs]
