"""Scripts (tcp_script.py) for the kernel's word on TCP, by family. Each list is always the same.

Left out: more than 17 segments that follow each other behind a hole, and then one that overlaps
their run. The kernel joins neighbours as long as the buffers of the network device allow (here 17
pieces), and by that it depends on the device whose bytes it takes.
"""

import itertools
import random

from tcp_script import LETTERS

SEED = 0  # Added to that of each random family.


def text(dice, length):
    return "".join(dice.choices(LETTERS, k=length))


def with_v6(scripts, every):
    """One script out of `every` is played over IPv6."""
    return ["v6 " + script if number % every == every - 1 else script
            for number, script in enumerate(scripts)]


def pairs():
    """Any two segments that have a byte in common, behind a hole."""
    spans = list(itertools.product(range(8), range(1, 7)))
    return with_v6([f"{a + 1}:{'abcdef'[:n]} {b + 1}:{'UVWXYZ'[:m]}"
                    for (a, n), (b, m) in itertools.product(spans, spans)
                    if a < b + m and b < a + n], 10)


def triplets():
    """Three segments behind a hole."""
    dice = random.Random(3 + SEED)
    return with_v6([" ".join(f"{dice.randint(1, 9)}:{text(dice, dice.randint(1, 7))}"
                             for _ in range(3)) for _ in range(2400)], 10)


def next_missing(covered):
    return next(at for at in itertools.count() if at not in covered)


def long_script(dice):
    """Overlaps, exact and longer repetitions, and now and then the piece that is due."""
    covered, sent = set(), []
    reach = dice.choice((12, 30, 60))
    for _ in range(dice.randint(6, 30)):
        kind = dice.random()
        if kind < 0.15:
            at, length = next_missing(covered), dice.randint(1, 4)
        elif kind < 0.3 and sent:
            at, length = dice.choice(sent)
            length += dice.choice((0, 0, -1, 1, 3))
        else:
            at, length = dice.randint(1, reach), dice.randint(1, max(reach // 4, 4))
        length = max(length, 1)
        sent.append((at, length))
        covered.update(range(at, at + length))
    return " ".join(f"{at}:{text(dice, length)}" for at, length in sent)


def long_scripts():
    dice = random.Random(30 + SEED)
    return with_v6([("sack " if number % 3 == 1 else "ts " if number % 3 == 2 else "") +
                    long_script(dice) for number in range(600)], 7)


def large_scripts():
    """As long_scripts(), with offsets and lengths of up to a full segment."""
    dice = random.Random(60 + SEED)
    scripts = []
    for _ in range(150):
        unit = dice.choice((23, 97, 180))
        words = []
        for word in long_script(dice).split():
            at, letters = word.split(":")
            length = min(len(letters) * unit + dice.randint(-3, 3), 1460)
            words.append(f"{int(at) * unit}:{letters[0]}~{length}")
        scripts.append(" ".join(words))
    return with_v6(scripts, 7)


def novak_sturges():
    """The sequence of "Target-Based TCP Stream Reassembly" (2007), which tells policies apart."""
    sequence = ("2:AAA 6:BB 8:CCC 12:D 15:EE 17:FFF 20:GG 22:HH 24:I 3:JJJJ 8:KKK 11:LLL 14:MMM "
                "18:N 21:O 22:P 24:QQ 1:0 0:x")
    return [sequence, "v6 " + sequence, "sack " + sequence, "isn=0xFFFFFFF5 " + sequence]


def odd_segment(dice, due, has_timestamps):
    """One that is wrong, or that does more than to carry data."""
    near = max(due + dice.randint(-6, 12), -6)
    data = text(dice, dice.randint(1, 6))
    kinds = [
        lambda: f"{near}:{data},bad",
        # Why with another window: see ACKS in tcp_abuse.py.
        lambda: f"{near}:{data},win=4096,ack{dice.choice((-70000, -9, -5, -1, 1, 9, 100000)):+}",
        lambda: f"PAU@{near}:{data},urg={dice.randint(0, 9)}",
        lambda: f"AU@{near},urg={dice.randint(0, 9)}",
        lambda: f"{dice.choice(('-', 'P', 'F', 'S', 'SF', 'SFA', 'SPA', 'PU'))}@{near}:{data}",
        lambda: f"{dice.choice(('S', 'SA', 'SF'))}@{near}",
        lambda: f"{dice.choice(('R', 'RA'))}@{dice.choice((near, near + 1, near + 70000))}",
        lambda: f"{dice.choice(('R', 'RA', 'FA', 'PA'))}@{due},bad",
        lambda: f"FA@{max(near, due + 3)}" + dice.choice(("", ":" + data)),
        lambda: f"A@{due - 1}" + dice.choice(("", ":x")),
        lambda: f"{near + dice.choice((66000, 1000000, 2000000000))}:{data}",
        lambda: f"{near}:{data},opt={dice.choice(('fe00', 'fe28', '0101fe', '1c04fefe', '0501'))}",
        lambda: f"say:{data}",
    ]
    # With time stamps a header that tells too short a length would make random bytes payload.
    plain = [lambda: f"{near}:{data},words={dice.choice((3, 4, 6, 7, 14))}"]
    stamped = [
        lambda: f"{near}:{data},ts{dice.choice((-1000, -3, -2, -1, 1, 5, 40)):+}",
        lambda: f"{near}:{data},nots",
        lambda: f"A@{near},ts{dice.choice((-1000, -2, 1, 5, 40)):+}",
        lambda: f"{dice.choice(('R', 'FA'))}@{near},ts{dice.choice((-1000, 5)):+}",
    ]
    return dice.choice(kinds + (stamped if has_timestamps else plain))()


def mixed_script(dice):
    options = [option for option, share in (
        ("v6", 0.2), ("sack", 0.5), ("ts", 0.4), ("ws=7", 0.3), ("client", 0.1),
        (f"isn={(1 << 32) - dice.randint(1, 30)}", 0.2)) if dice.random() < share]
    covered, steps = set(), []
    for _ in range(dice.randint(5, 20)):
        due = next_missing(covered)
        if dice.random() < 0.35:
            steps.append(odd_segment(dice, due, "ts" in options))
            continue
        at = due if dice.random() < 0.3 else max(due + dice.randint(-4, 10), 0)
        length = dice.randint(1, 6)
        covered.update(range(at, at + length))
        steps.append(f"{at}:{text(dice, length)}")
    return " ".join(options + steps)


def mixed_scripts():
    dice = random.Random(500 + SEED)
    return [mixed_script(dice) for _ in range(1200)]


FAMILIES = {
    "pairs of overlapping segments": pairs,
    "random triplets": triplets,
    "long scripts with overlaps, duplicates and pieces in order": long_scripts,
    "long scripts of large segments": large_scripts,
    "random scripts of overlaps and all kinds of abuse": mixed_scripts,
    "the sequence of Novak and Sturges": novak_sturges,
}
