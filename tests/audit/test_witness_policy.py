"""Policy files: the specification's example, quorums against a reckoning of their own, and every way to be refused."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit.cosignature import WitnessKey
from hub.audit.note import SignerKey, VerifierKey
from hub.audit.witness_policy import (
    GROUPS_MAX,
    LOGS_MAX,
    POLICY_MAX,
    WITNESSES_MAX,
    PolicyLog,
    Witness,
    WitnessPolicy,
    WitnessPolicyInvalid,
    parse_policy,
)


def log_key(number: int) -> VerifierKey:
    return SignerKey(f"log{number}.example", bytes([number] * 32)).verifier


def key(number: int) -> WitnessKey:
    return WitnessKey.of(SignerKey(f"w{number}.example", bytes([number] * 32)))


def witnesses(*names: str) -> str:
    return "".join(f"witness {name} {key(number)}\n" for number, name in enumerate(names, 1))


# The example of tlog-policy, with keys put in.
EXAMPLE = f"""log {log_key(90)}

witness X1 {key(1)}
witness X2 {key(2)}
witness X3 {key(3)}
group X-witnesses 2 X1 X2 X3

witness Y1 {key(4)}
witness Y2 {key(5)}
witness Y3 {key(6)}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


@pytest.mark.parametrize("count", range(7))
def test_the_specification_s_example(count: int) -> None:
    policy = parse_policy(EXAMPLE)
    for names in itertools.combinations(("X1", "X2", "X3", "Y1", "Y2", "Y3"), count):
        two_x_and_a_y = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
        assert policy.is_met(set(names)) is two_x_and_a_y


@pytest.mark.parametrize(
    ("lines", "met", "unmet"),
    [
        pytest.param("quorum none\n", [""], [], id="none"),
        pytest.param("quorum a\n", ["a", "a b"], ["", "b", "b c"], id="one witness"),
        pytest.param("group g any a b c\nquorum g\n", ["a", "b", "a c"], [""], id="any"),
        pytest.param("group g all a b c\nquorum g\n", ["a b c"], ["", "a", "a b"], id="all"),
        pytest.param("group g 2 a b c\nquorum g\n", ["a b", "b c", "a b c"], ["", "a"], id="two of three"),
        pytest.param("group h 1 a b\ngroup g all h c\nquorum g\n", ["a c", "b c"], ["a b", "c"], id="nested"),
        pytest.param("group h 2 a b\ngroup g any h c\nquorum g\n", ["c", "a b"], ["a"], id="nested, any"),
        pytest.param("group h 2 a b\nquorum h\ngroup g any h c\n", ["a b"], ["a", "c"], id="a group after the quorum"),
        pytest.param("group g any a b\nquorum c\n", ["c"], ["a b"], id="a group that nothing needs"),
        pytest.param(
            "group h any a\ngroup g any b\nquorum g\n", ["b"], ["g", "h", "none", "G"], id="names that are no witness's"
        ),
        pytest.param("group group 2 a b\nquorum group\n", ["a b"], ["a"], id="a keyword for a name"),
    ],
)
def test_quorums(lines: str, met: list[str], unmet: list[str]) -> None:
    policy = parse_policy(witnesses("a", "b", "c") + lines)
    assert [names for names in met if not policy.is_met(names.split())] == []
    assert [names for names in unmet if policy.is_met(names.split())] == []


def test_what_a_file_may_look_like() -> None:
    text = f"\n# \u00e9 # comment\n\t # another\n\twitness \t w1  {key(1)}   https://w1.example/  \n log {log_key(2)} ssh://x\n\n  quorum\tw1 \n"
    policy = parse_policy(text)
    assert policy == WitnessPolicy(
        (PolicyLog(log_key(2), "ssh://x"),), (Witness("w1", key(1), "https://w1.example/"),), (), "w1"
    )
    assert policy.asks_for_witnesses
    assert not parse_policy("quorum none\n").asks_for_witnesses
    assert parse_policy(text.encode()) == policy


def test_bytes_that_are_not_ascii_are_compared_and_not_read() -> None:
    kelvin = (
        b"witness K "
        + str(key(1)).encode()
        + b"\nwitness \xe2\x84\xaa "
        + str(key(2)).encode()
        + b"\nwitness \xff\x85 "
    )
    policy = parse_policy(kelvin + str(key(3)).encode() + b"\nquorum \xff\x85\n")
    assert len({each.name for each in policy.witnesses}) == 3
    assert policy.is_met({policy.witnesses[2].name})
    assert not policy.is_met({"K", "\u212a"})


ABC = witnesses("a", "b", "c")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "newline", id="empty"),
        pytest.param("\n# nothing\n", "no quorum line", id="no quorum"),
        pytest.param(ABC + "quorum a", "newline", id="cut short"),
        pytest.param(ABC + "quorum a\nquorum a\n", "line 5: there is a quorum line already", id="two quorums"),
        pytest.param(ABC + "quorum\n", "line 4: a quorum line is", id="quorum of nothing"),
        pytest.param(ABC + "quorum a b\n", "line 4: a quorum line is", id="quorum of two"),
        pytest.param(ABC + "quorum d\n", "line 4: 'd' is not the name", id="quorum of a stranger"),
        pytest.param("quorum a\n" + ABC, "line 1: 'a' is not the name", id="quorum above its witness"),
        pytest.param(ABC + "quorum \x07\n", "line 4: the character 0x07", id="a control character"),
        pytest.param(ABC + "quorum a\r\n", "line 4: the character 0x0d", id="CR"),
        pytest.param(ABC + "quorum a\n\x7f\n", "line 5: the character 0x7f", id="DEL"),
        pytest.param(ABC + "quorum a\n#\x00\n", "line 5: the character 0x00", id="NUL in a comment"),
        pytest.param(ABC + "quibble a\nquorum a\n", "line 4: a line begins with", id="another keyword"),
        pytest.param(ABC + "Quorum a\n", "line 4: a line begins with", id="keywords have one case"),
        pytest.param(ABC + "quorum\u00a0a\n", "line 4: a line begins with", id="a no-break space is no space"),
        pytest.param(ABC + "\u00a0quorum a\n", "line 4: a line begins with", id="nor is it one before a line"),
        pytest.param(ABC + "quorum a\u2003\n", "line 4: .* is not the name", id="nor an em space behind one"),
        pytest.param("\n\nquibble\n", "line 3: a line begins with", id="empty lines are counted"),
        pytest.param("log\nquorum none\n", "line 1: a log line is", id="a log without a key"),
        pytest.param(
            f"log {log_key(1)} http://x # y\nquorum none\n", "line 1: a log line is", id="a comment behind a log"
        ),
        pytest.param(f"log {log_key(1)} http://x y\nquorum none\n", "line 1: a log line is", id="a log of two URLs"),
        pytest.param("log garbage\nquorum none\n", "line 1: a key is its name", id="a log with no key"),
        pytest.param(f"log {key(1)}\nquorum none\n", "line 1: only .* type 1", id="a log with a witness's key"),
        pytest.param(
            f"log {log_key(1)}\nlog {log_key(1)} http://x\nquorum none\n", "line 2: this key", id="a log twice"
        ),
        pytest.param("witness a\nquorum none\n", "line 1: a witness line is", id="a witness without a key"),
        pytest.param(
            f"witness a {key(1)} http://x # y\nquorum a\n", "line 1: a witness line is", id="a comment behind a witness"
        ),
        pytest.param(
            f"witness a {key(1)} http://x y\nquorum a\n", "line 1: a witness line is", id="a witness of two URLs"
        ),
        pytest.param(f"witness a {log_key(1)}\nquorum a\n", "line 1: only .* type 4", id="a witness with a log's key"),
        pytest.param(
            f"witness a {str(key(1)).replace('w1', 'w2')}\nquorum a\n",
            "line 1: .*copied whole",
            id="a key with a slip",
        ),
        pytest.param(f"witness none {key(1)}\nquorum none\n", "line 1: the name none", id="a witness called none"),
        pytest.param(ABC + f"witness a {key(9)}\nquorum a\n", "line 4: 'a' is the name of another", id="a name twice"),
        pytest.param(ABC + f"witness d {key(1)}\nquorum a\n", "line 4: this key is in the file", id="a key twice"),
        pytest.param(
            ABC + f"witness d {WitnessKey('another.example', key(1).public)}\nquorum a\n",
            "line 4: this key is in the file",
            id="a key twice, by another name",
        ),
        pytest.param(
            f"log {log_key(7)}\nwitness a {WitnessKey('w.example', log_key(7).public)}\nquorum a\n",
            "line 2: this key is in the file",
            id="a log that witnesses itself",
        ),
        pytest.param(ABC + "group g 1\nquorum a\n", "line 4: a group line is", id="a group of nobody"),
        pytest.param(ABC + "group g\nquorum a\n", "line 4: a group line is", id="a group of nothing"),
        pytest.param(ABC + "group none any a\nquorum none\n", "line 4: the name none", id="a group called none"),
        pytest.param(
            ABC + "group a any b\nquorum a\n", "line 4: 'a' is the name of another", id="a group of a witness's name"
        ),
        pytest.param(ABC + "group g 0 a b\nquorum g\n", "line 4: .*from 1 to 2", id="none of two"),
        pytest.param(ABC + "group g 3 a b\nquorum g\n", "line 4: .*from 1 to 2", id="three of two"),
        pytest.param(ABC + "group g -1 a b\nquorum g\n", "line 4: .*from 1 to 2", id="a negative number"),
        pytest.param(ABC + "group g 02 a b\nquorum g\n", "line 4: .*from 1 to 2", id="a leading zero"),
        pytest.param(ABC + "group g \u0662 a b\nquorum g\n", "line 4: .*from 1 to 2", id="an Arabic digit"),
        pytest.param(ABC + "group g All a b\nquorum g\n", "line 4: .*from 1 to 2", id="all has one case"),
        pytest.param(ABC + "group g any a d\nquorum g\n", "line 4: 'd' is not the name", id="an unknown member"),
        pytest.param(ABC + "group g any none a\nquorum g\n", "line 4: 'none' is not the name", id="none as a member"),
        pytest.param(ABC + "group g any g\nquorum g\n", "line 4: 'g' is not the name", id="a group of itself"),
        pytest.param(
            ABC + "group g any h a\ngroup h any g b\nquorum g\n", "line 4: 'h' is not the name", id="a circle"
        ),
        pytest.param(ABC + "group g all a a\nquorum g\n", "line 4: 'a' is a member already", id="a member twice"),
        pytest.param(
            ABC + "group g any a\ngroup h any a b\nquorum h\n",
            "line 5: 'a' is a member already",
            id="a member of two groups",
        ),
        pytest.param("#" * POLICY_MAX + "\n", "at most", id="too long"),
    ],
)
def test_bad_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(WitnessPolicyInvalid, match=message):
        parse_policy(text)


NO_LINE = "a line begins with log, witness, group or quorum, or with # for a comment"
ABOVE = "is not the name of a witness or group on a line above"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("#" * POLICY_MAX + "\n", "a policy file has at most 262144 bytes", id="a file too long"),
        pytest.param(
            "quorum none", "the last line does not end in a newline: the file may have been cut short", id="cut short"
        ),
        pytest.param(
            "\n", "there is no quorum line: say whose cosignatures are needed, or `quorum none`", id="no quorum"
        ),
        pytest.param("\x1b\n", "line 1: the character 0x1b is not allowed: save it as plain text", id="a character"),
        pytest.param("quibble\n", f"line 1: {NO_LINE}", id="a keyword"),
        pytest.param("log\n", "line 1: a log line is: log KEY [URL]", id="a log"),
        pytest.param("witness\n", "line 1: a witness line is: witness NAME KEY [URL]", id="a witness"),
        pytest.param("group\n", "line 1: a group line is: group NAME all|any|NUMBER MEMBER...", id="a group"),
        pytest.param("quorum\n", "line 1: a quorum line is: quorum NAME", id="a quorum"),
        pytest.param("quorum none\nquorum none\n", "line 2: there is a quorum line already", id="two quorums"),
        pytest.param("quorum a\n", f"line 1: 'a' {ABOVE}", id="a quorum of a stranger"),
        pytest.param("quorum \u00e9\n", f"line 1: '\\xe9' {ABOVE}", id="a name outside ASCII is escaped"),
        pytest.param("group g any \u00e9\n", f"line 1: '\\xe9' {ABOVE}", id="and that of a member"),
        pytest.param(
            ABC + "group g all a a\n", "line 4: 'a' is a member already: each counts once", id="a member twice"
        ),
        pytest.param(
            f"witness none {key(1)}\n", "line 1: the name none is taken: it means that nobody need cosign", id="none"
        ),
        pytest.param(
            ABC + "group a any b\n", "line 4: 'a' is the name of another witness or group already", id="a name twice"
        ),
        pytest.param(
            ABC + f"witness d {key(1)}\n",
            "line 4: this key is in the file already, perhaps under another name",
            id="a key twice",
        ),
        pytest.param(
            ABC + "group g 4 a b c\n",
            "line 4: how many must cosign is all, any, or a number from 1 to 3",
            id="four of three",
        ),
    ],
)
def test_what_is_wrong_is_told_in_full(text: str, said: str) -> None:
    with pytest.raises(WitnessPolicyInvalid) as fault:
        parse_policy(text)
    assert str(fault.value) == said


def test_the_longest_file_there_may_be_is_read() -> None:
    end = "\nquorum none\n"
    assert parse_policy("#" * (POLICY_MAX - len(end)) + end).quorum == "none"
    with pytest.raises(WitnessPolicyInvalid, match="at most"):
        parse_policy("#" * (POLICY_MAX - len(end) + 1) + end)


def test_the_specification_asks_for_so_many_of_each() -> None:
    assert (LOGS_MAX, WITNESSES_MAX, GROUPS_MAX) == (32, 32, 32)


@pytest.mark.parametrize("code", [code for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n"])
def test_no_control_character_but_the_tab(code: int) -> None:
    with pytest.raises(WitnessPolicyInvalid, match=f"^line 2: the character 0x{code:02x} is not allowed"):
        parse_policy(f"quorum none\n# {chr(code)}\n")


@pytest.mark.parametrize("surplus", [0, 1])
@pytest.mark.parametrize(
    ("what", "line", "most"),
    [
        ("logs", "log {log}", LOGS_MAX),
        ("witnesses", "witness w{number} {witness}", WITNESSES_MAX),
        ("groups", "group g{number} any {member}", GROUPS_MAX),
    ],
)
def test_limits(what: str, line: str, most: int, surplus: int) -> None:
    lines = [f"witness base {key(200)}"] if "group" in line else []
    for number in range(most + surplus):
        member = "base" if number == 0 else f"g{number - 1}"
        lines.append(line.format(number=number, log=log_key(number), witness=key(number), member=member))
    text = "\n".join([*lines, "quorum none", ""])
    if surplus:
        said = f"^line {len(lines)}: at most {most} {what} are read$"
        with pytest.raises(WitnessPolicyInvalid, match=said):
            parse_policy(text)
    else:
        parse_policy(text)


@given(st.text("abgquorumnet12 \t\n#", max_size=60) | st.text(max_size=60))
def test_any_text_is_a_policy_or_is_refused(text: str) -> None:
    try:
        policy = parse_policy(ABC + text)
    except WitnessPolicyInvalid:
        return
    assert policy.quorum in {"none", "a", "b", "c", *(group.name for group in policy.groups)}


@st.composite
def trees(draw: st.DrawFn) -> tuple[str, tuple[int, list[object]] | str]:
    """The lines of a policy over some witnesses, and the same quorum as nested ``(needed, members)``."""
    free: list[tuple[str, object]] = [(f"w{number}", f"w{number}") for number in range(draw(st.integers(1, 6)))]
    lines = witnesses(*(name for name, _ in free))
    for number in range(draw(st.integers(0, 3))):
        picked = [free.pop(draw(st.integers(0, len(free) - 1))) for _ in range(draw(st.integers(1, len(free))))]
        needed = draw(st.integers(1, len(picked)))
        lines += f"group g{number} {needed} {' '.join(name for name, _ in picked)}\n"
        free.append((f"g{number}", (needed, [tree for _, tree in picked])))
    name, tree = free[-1]
    return lines + f"quorum {name}\n", tree  # type: ignore[return-value]


def reckon(tree: object, names: set[str]) -> bool:
    if isinstance(tree, tuple):
        needed, members = tree
        return sum(reckon(each, names) for each in members) >= needed
    return tree in names


@settings(max_examples=200)
@given(trees(), st.sets(st.sampled_from([f"w{number}" for number in range(6)])))
def test_a_quorum_is_what_its_tree_says_and_more_cosignatures_never_unmake_it(
    made: tuple[str, object], names: set[str]
) -> None:
    text, tree = made
    policy = parse_policy(text)
    assert policy.is_met(names) is reckon(tree, names)
    if policy.is_met(names):
        assert all(policy.is_met(names | {each.name}) for each in policy.witnesses)
