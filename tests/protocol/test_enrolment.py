"""What is typed is read as it was meant; two exchanges are the same only if all of it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.enrolment import (
    CODE_LENGTH,
    LETTERS,
    WORDS,
    Answer,
    Credential,
    Hello,
    code_in,
    is_proof,
    new_code,
    proof_of,
    transcript_of,
    words_of,
)
from protocol.exchange import agent_side, controller_side, seal, unseal

codes = st.text(LETTERS, min_size=CODE_LENGTH, max_size=CODE_LENGTH)
parts = st.binary(max_size=40)


@given(codes, st.lists(st.sampled_from([" ", "-", "\u2013", "."]), max_size=4), st.data())
def test_a_code_is_read_however_its_groups_are_parted(
    code: str, marks: list[str], data: st.DataObject
) -> None:
    """In small letters as well."""
    typed = [*code.lower()]
    for mark in marks:
        typed.insert(data.draw(st.integers(0, len(typed))), mark)
    assert code_in("".join(typed)) == code


@pytest.mark.parametrize("text", ["", "ABCDE", "ABCDEFG", "ABCDE0", "ABCDEI", "ABC€EF", "ÀBCDEF"])
def test_anything_else_is_no_code(text: str) -> None:
    """Letters that look like others among them."""
    with pytest.raises(ValueError, match="not a code"):
        code_in(text)


@given(st.sets(st.sampled_from(LETTERS), max_size=len(LETTERS) - 1))
def test_a_new_code_is_named_by_a_letter_of_its_own(taken: set[str]) -> None:
    """And is one."""
    code = new_code([*taken])
    assert code_in(code) == code
    assert code[0] not in taken


talks = st.builds(
    lambda h, a: (h, a),
    st.builds(Hello, st.sampled_from("AB"), parts, parts, st.text(max_size=4), st.text(max_size=4)),
    st.builds(Answer, parts, parts),
)


@given(parts, talks, parts, talks)
def test_transcripts_are_the_same_only_where_all_is(
    one: bytes, first: tuple[Hello, Answer], other: bytes, second: tuple[Hello, Answer]
) -> None:
    """Nothing can be moved from one part into another."""
    same = (one, first) == (other, second)
    assert (transcript_of(one, *first) == transcript_of(other, *second)) is same


@given(parts, parts, st.sampled_from(["agent", "controller", "kept"]))
def test_a_proof_is_of_one_speaker_one_secret_and_one_exchange(
    secret: bytes, transcript: bytes, speaker: str
) -> None:
    """Sent back, it proves nothing."""
    proof = proof_of(secret, speaker, transcript)
    assert is_proof(proof, secret, speaker, transcript)
    assert not is_proof(proof, secret, speaker + "s", transcript)
    assert not is_proof(proof, secret + b"x", speaker, transcript)
    assert not is_proof(proof, secret, speaker, transcript + b"x")


@pytest.mark.parametrize("code", ["ABCDEF", "ABCDEG"])
def test_both_sides_have_the_same_secret_only_by_the_same_code(code: str) -> None:
    """And what it seals is read by nobody else."""
    agent, controller = agent_side("ABCDEF"), controller_side(code)
    ours, theirs = agent.secret(controller.message), controller.secret(agent.message)
    assert (ours == theirs) is (code == "ABCDEF")
    sealed = seal(ours, b"text")
    assert unseal(ours, sealed) == b"text"
    for broken in (b"", sealed[:-1], bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(ValueError, match="seal"):
            unseal(ours, broken)


@given(st.binary(max_size=64) | st.binary(min_size=32, max_size=32))
def test_whatever_comes_as_a_part_is_refused_with_one_error(junk: bytes) -> None:
    """Unless it is by chance a point of the curve, which proves nothing."""
    for part in (junk, b"B" + junk, agent_side("ABCDEF").message):
        honest = controller_side("ABCDEF")
        try:
            secret = agent_side("ABCDEF").secret(part)
        except ValueError as error:
            assert "not a part" in str(error)  # noqa: PT017 - it need not be one
        else:
            assert len(part) == 33
            assert secret != honest.secret(agent_side("ABCDEF").message)


def test_our_own_part_sent_back_is_no_part() -> None:
    """Nor is it under the other side's name."""
    for name in (b"A", b"B"):
        side = agent_side("ABCDEF")
        with pytest.raises(ValueError, match="not a part"):
            side.secret(name + side.message[1:])


def test_four_words_tell_exchanges_apart() -> None:
    """As often as 24 bits do."""
    assert len(set(WORDS)) == 64
    said = {words_of(bytes([number])) for number in range(200)}
    assert len(said) == 200


def test_a_credential_is_never_shown_whole() -> None:
    """Wherever it is printed."""
    credential = Credential(
        province="14", school="S", agent="p1", room="6A1", port=1, password="pass",  # noqa: S106
        client_id="session", secret="key",  # noqa: S106
    )  # fmt: skip
    assert repr(credential) == "Credential('p1')"
