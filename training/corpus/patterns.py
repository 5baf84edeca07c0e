"""Drum patterns of our own, for the meters and the feels of which MMA's library has few grooves."""

from dataclasses import dataclass

from training.annotations.truth import Meter


@dataclass(frozen=True)
class DrumPattern:
    """A bar of drums: one character per step, ``x`` loud, ``o`` soft, ``.`` silent; blanks are ignored."""

    kick: str
    snare: str
    cymbal: str
    steps_per_beat: int
    cymbal_note: int = 42
    snare_note: int = 38

    @property
    def voices(self) -> tuple[tuple[int, str], ...]:
        """MIDI note and steps of each instrument."""
        parts = ((36, self.kick), (self.snare_note, self.snare), (self.cymbal_note, self.cymbal))
        return tuple((note, steps.replace(" ", "")) for note, steps in parts)


PATTERNS: tuple[tuple[str, Meter, int, DrumPattern], ...] = (
    ("rock68", "compound", 2, DrumPattern("x.. ...", "... x..", "xox xox", 3)),
    ("drive68", "compound", 2, DrumPattern("x.x ..x", "... x..", "x.. x..", 3, 51)),
    ("jig", "compound", 2, DrumPattern("x.. x..", "..o ..o", "xox xox", 3, 54, 37)),
    ("slowblues128", "compound", 4, DrumPattern("x.. ... x.x ...", "... x.. ... x..", "xoo xoo xoo xoo", 3, 51)),
    ("metal128", "compound", 4, DrumPattern("xxx ..x xxx ..x", "... x.. ... x..", "x.. x.. x.. x..", 3, 49)),
    ("tarantella", "compound", 2, DrumPattern("x.. x..", "... ...", "xox xox", 3, 54)),
    ("gospel68", "compound", 2, DrumPattern("x.x ...", "... x.o", "x.x x.x", 3, 54)),
    ("worship68", "compound", 2, DrumPattern("x..... ...x..", "...... x.....", "x.x.x. x.x.x.", 6, 51)),
    ("metal68", "compound", 2, DrumPattern("xxxxxx xxxxxx", "...... x.....", "x..... x.....", 6, 49)),
    ("shanty68", "compound", 2, DrumPattern("x.. ...", "... x..", "x.o x.o", 3, 70, 39)),
    ("march68", "compound", 2, DrumPattern("x.. x..", "x.o xoo", "x.. x..", 3, 49)),
    ("ballad68", "compound", 2, DrumPattern("x.. ..o", "... x..", "xoo xoo", 3, 42, 37)),
    ("doowop128", "compound", 4, DrumPattern("x.. ..x x.. ...", "... x.. ... x..", "xxx xxx xxx xxx", 3, 51)),
    ("bembe128", "compound", 4, DrumPattern("x.. x.. x.. x..", "..o ..x ..o ..x", "x.x .xx .x. x.x", 3, 56, 63)),
    ("shuffle128", "compound", 4, DrumPattern("x.. ..x ..x ...", "... x.. ... x..", "x.x x.x x.x x.x", 3)),
    ("halftime128", "compound", 4, DrumPattern("x.. ... ... ..x", "o.. .o. x.. .o.", "x.x x.x x.x x.x", 3)),
    ("rockwaltz", "triple", 3, DrumPattern("x... .... ....", ".... x... x...", "x.o. x.o. x.o.", 4)),
    ("ballad34", "triple", 3, DrumPattern("x. .. .x", ".. .. x.", "xo xo xo", 2, 51)),
    ("folk34", "triple", 3, DrumPattern("x. .. ..", ".. x. x.", "x. xx xx", 2, 70, 37)),
    ("mazurka34", "triple", 3, DrumPattern("x. .. ..", ".. x. o.", "x. x. x.", 2, 54)),
    ("country34", "triple", 3, DrumPattern("x. .. .x", ".. o. x.", "x. x. x.", 2)),
    ("indie34", "triple", 3, DrumPattern("x. .. .. x. .x ..", ".. .. x. .. .. x.", "xx xx xx xx xx xx", 2)),
    ("soul34", "triple", 3, DrumPattern("x. .x ..", ".. .. x.", "xo xo xo", 2)),
    ("landler34", "triple", 3, DrumPattern("x. .. ..", ".. o. o.", ".. x. x.", 2, 69, 37)),
    ("jazz34", "triple", 3, DrumPattern("x.. ..o ...", "... ... ..o", "x.. x.x x..", 3, 51)),
    ("swing34", "triple", 3, DrumPattern("x.. ... ...", "... x.. x..", "x.x x.x x.x", 3)),
    ("polonaise34", "triple", 3, DrumPattern("x... x... x...", "x.oo o.o. o.o.", "x... .... ....", 4, 49)),
    ("hiphop34", "triple", 3, DrumPattern("x..x ..x. ....", ".... .... x...", "x.x. x.x. x.x.", 4, 42, 39)),
    ("metal34", "triple", 3, DrumPattern("x.xx x.xx x.xx", ".... x... ....", "x... x... x...", 4, 49)),
    ("electro34", "triple", 3, DrumPattern("x... x... x...", ".... .... x...", "..x. ..x. ..x.", 4, 46, 39)),
    ("rock54", "quintuple", 5, DrumPattern("x. .. .x x. ..", ".. x. .. .. x.", "xx xx xx xx xx", 2)),
    ("waltz54", "quintuple", 5, DrumPattern("x. .. .. x. ..", ".. x. x. .. x.", "x. x. x. x. x.", 2, 51)),
    ("prog54", "quintuple", 5, DrumPattern("x. .x .. x. ..", ".. .. x. .. x.", "xo xo xo xo xo", 2)),
    ("take54", "quintuple", 5, DrumPattern("x.. ... ... x.. ...", "... ..o ... ... ..o", "x.. x.o x.. x.. x.o", 3, 51)),
    ("ballad54", "quintuple", 5, DrumPattern("x. .. .. x. ..", ".. .. x. .. ..", "x. x. x. x. x.", 2, 42, 37)),
    (
        "electro54",
        "quintuple",
        5,
        DrumPattern("x... x... x... x... x...", ".... x... .... x... ....", "..x. ..x. ..x. ..x. ..x.", 4, 46, 39),
    ),
    # Plain waltzes: kick, snare, snare.
    ("waltz34", "triple", 3, DrumPattern("x. .. ..", ".. x. x.", ".. .. ..", 2)),
    ("waltzhat34", "triple", 3, DrumPattern("x. .. ..", ".. x. x.", "xx xx xx", 2)),
    ("waltzride34", "triple", 3, DrumPattern("x. .. ..", ".. x. x.", "x. x. x.", 2, 51)),
    ("waltzbrush34", "triple", 3, DrumPattern("x. .. ..", ".. o. o.", "xo xo xo", 2, 42, 37)),
    ("waltzrim34", "triple", 3, DrumPattern("x. .. .. x. .. .x", ".. o. o. .. o. x.", "x. .. .. x. .. ..", 2, 51, 37)),
    # Three dotted beats a bar.
    ("slipjig98", "compound", 3, DrumPattern("x.. x.. x..", "..o ..o .oo", "xox xox xox", 3, 54, 37)),
    ("rock98", "compound", 3, DrumPattern("x.. ... ..x", "... x.. x..", "xox xox xox", 3)),
    ("ballad98", "compound", 3, DrumPattern("x.. ... ...", "... ... x..", "xoo xoo xoo", 3, 51)),
    ("drive98", "compound", 3, DrumPattern("x.x x.. x.x", "... x.. x..", "x.. x.. x..", 3, 49)),
    ("bodhran98", "compound", 3, DrumPattern("x.o x.o xoo", "... ... ...", "... ... ...", 3)),
    ("folk68", "compound", 2, DrumPattern("x.. ..x", "... x..", "x.x x.x", 3, 70, 37)),
    ("bodhran68", "compound", 2, DrumPattern("x.o xoo", "... ...", "... ...", 3)),
    # The beat is the eighth of 7/8, or the quarter of 7/4.
    ("balkan78", "septuple", 7, DrumPattern("x.......x.....", "....x.......x.", "x.x.x.x.x.x.x.", 2, 54)),
    ("kalamata78", "septuple", 7, DrumPattern("x.....x...x...", "....o...o...o.", "x.o.o.x.o.x.o.", 2, 54, 37)),
    ("prog78", "septuple", 7, DrumPattern("x...x...x.....", "......x.....x.", "x.x.x.x.x.x.x.", 2)),
    ("rock74", "septuple", 7, DrumPattern("x. .. .x x. .. x. ..", ".. x. .. .. x. .. x.", "xx xx xx xx xx xx xx", 2)),
    ("funk74", "septuple", 7, DrumPattern("x. .x .. x. .. .x ..", ".. x. .. x. .. x. .x", "xo xo xo xo xo xo xo", 2)),
    (
        "metal74",
        "septuple",
        7,
        DrumPattern("xx .x xx .. xx .x ..", ".. .. x. .. .. .. x.", "x. x. x. x. x. x. x.", 2, 49),
    ),
    (
        "ballad74",
        "septuple",
        7,
        DrumPattern("x. .. .. .. x. .. ..", ".. .. x. .. .. .. o.", "x. x. x. x. x. x. x.", 2, 51, 37),
    ),
    (
        "electro74",
        "septuple",
        7,
        DrumPattern("x. x. x. x. x. x. x.", ".. x. .. x. .. x. ..", ".x .x .x .x .x .x .x", 2, 46, 39),
    ),
    ("folk54", "quintuple", 5, DrumPattern("x. .. .. x. ..", ".. x. x. .. x.", "x. xx xx x. xx", 2, 70, 37)),
    (
        "metal54",
        "quintuple",
        5,
        DrumPattern("x.xx x.xx x... x.xx x...", ".... .... x... .... x...", "x... x... x... x... x...", 4, 49),
    ),
    ("soul54", "quintuple", 5, DrumPattern("x. .x .. x. .x", ".. .. x. .. x.", "xo xo xo xo xo", 2)),
    # Galloping eighths and sixteenths, and triplets in 4/4: the beat stays the quarter.
    ("gallop44", "duple", 4, DrumPattern("x.xx x.xx x.xx x.xx", ".... x... .... x...", "x... x... x... x...", 4, 49)),
    (
        "reversegallop44",
        "duple",
        4,
        DrumPattern("xxx. xxx. xxx. xxx.", ".... x... .... x...", "x.x. x.x. x.x. x.x.", 4),
    ),
    (
        "gallopride44",
        "duple",
        4,
        DrumPattern("x.xx x.xx x.xx x.xx", "x... x... x... x...", "x.x. x.x. x.x. x.x.", 4, 51),
    ),
    ("triplets44", "duple", 4, DrumPattern("x.. ... x.. ...", "... x.. ... x..", "xxx xxx xxx xxx", 3)),
    ("tripletride44", "duple", 4, DrumPattern("x.. x.. x.. x..", "... x.. ... x..", "xoo xoo xoo xoo", 3, 51)),
    ("tripletkick44", "duple", 4, DrumPattern("x.. x.x x.. x.x", "... x.. ... x..", "xox xox xox xox", 3, 46)),
)
